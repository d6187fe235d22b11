# SPDX-License-Identifier: Apache-2.0
"""Downloads of the Cancer Imaging Archive: metadata.csv, folders with paths of another system."""

from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.errors import DataError
from monai_medglip.imaging.modality import Modality
from tests.data_engine.adapters.dicom_phantom import FRAME, SERIES, STUDY, inside, write_series, write_structures
from tests.data_engine.adapters.reading import read_card, read_layout

SQUARE = np.array([[5.2, 4.3], [15.2, 4.3], [15.2, 14.3], [5.2, 14.3]])
HEAD = "Series UID,Collection,Subject ID,Study UID,Modality,Number of Images,File Location\n"


@pytest.fixture
def collection(tmp_path):
    """The layout of NSCLC-Radiomics."""
    study = tmp_path / "NSCLC-Radiomics" / "LUNG1-001" / "09-18-2008-StudyID-NA-69331"
    write_series(study / "0.000000-NA-82046")
    write_structures(study / "0.000000-NA-28595" / "1-1.dcm", {"GTV-1": [(2, SQUARE)]})
    base = r".\NSCLC-Radiomics\LUNG1-001\09-18-2008-StudyID-NA-69331"
    rows = [
        f"{SERIES},NSCLC-Radiomics,LUNG1-001,{STUDY},CT,6,{base}\\0.000000-NA-82046",
        f"1.2.77,NSCLC-Radiomics,LUNG1-001,{STUDY},RTSTRUCT,1,{base}\\0.000000-NA-28595",
        f"1.2.78,NSCLC-Radiomics,LUNG1-001,1.2.99,CT,6,{base}\\other",
    ]
    (tmp_path / "metadata.csv").write_text(HEAD + "\n".join(rows[:2]) + "\n")
    (tmp_path / "with_undrawn.csv").write_text(HEAD + "\n".join(rows) + "\n")
    return tmp_path


def test_a_series_is_read_with_what_was_drawn_in_its_study(collection):
    ((item, (annotation,)),) = read_card(collection, "nsclc_radiomics").values()
    assert (item.id, item.patient, item.modality) == (SERIES, "LUNG1-001", Modality.CT)
    assert annotation.value == "GTV-1"
    assert np.array_equal(annotation.mask.decode()[:, :, 2], inside(SQUARE))


def test_a_study_without_drawings_is_left_out_only_when_asked_for(collection):
    layout = {"reader": "tcia", "table": "with_undrawn.csv"}
    assert len(read_layout(collection, {**layout, "without_file": "leave_out"})) == 1
    write_series(collection / "NSCLC-Radiomics" / "LUNG1-001" / "09-18-2008-StudyID-NA-69331" / "other", frame=FRAME)
    with pytest.raises(DataError, match="expected annotation files of SEG in the study or of RTSTRUCT in the study"):
        read_layout(collection, layout)


def test_a_folder_outside_of_the_download_is_refused(collection):
    (collection / "metadata.csv").write_text(HEAD + f"{SERIES},C,P,{STUDY},CT,6,..\\..\\etc\n")
    with pytest.raises(DataError, match=r"metadata.csv, line 2: expected a folder below the data set's"):
        read_layout(collection, {"reader": "tcia"})
