# SPDX-License-Identifier: Apache-2.0
"""Tables of boxes in the forms of public sets; every bad cell names its line."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.imaging.modality import Modality
from tests.data_engine.adapters.reading import noise, read_card, read_layout, write_picture

LAYOUT = {
    "reader": "box_table",
    "images": "images/{name}",
    "table": {"file": "boxes.csv", "image": "name", "delimiter": ";"},
    "boxes": {"x_low": "xmin", "y_low": "ymin", "x_high": "xmax", "y_high": "ymax"},
    "value": "{class}",
}


def _write_film(path, shape=(40, 30)):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film = Dataset()
    film.file_meta = meta
    film.SOPClassUID, film.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    film.SeriesInstanceUID, film.StudyInstanceUID, film.Modality = generate_uid(), generate_uid(), "DX"
    film.Columns, film.Rows = shape
    film.BitsAllocated = film.BitsStored = 8
    film.HighBit, film.PixelRepresentation, film.SamplesPerPixel = 7, 0, 1
    film.PhotometricInterpretation, film.PixelData = "MONOCHROME2", noise(shape).T.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, film, enforce_file_format=True)


def _write(root, text, name="boxes.csv", encoding="utf-8"):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding=encoding)
    return root


@pytest.fixture
def capsule(tmp_path):
    """The layout of HyperKvasir's boxes: semicolons."""
    write_picture(tmp_path / "images" / "a.png", noise((40, 30)))
    return tmp_path


def _drawn(root, **words):
    return next(iter(read_layout(root, {**LAYOUT, **words}).values()))[1]


def test_several_readers_of_a_film_are_kept_and_films_without_finding_are_there(tmp_path):
    """The layout of VinDr-CXR."""
    for name in ("train/0005e8", "train/9a5094", "test/aa11"):
        _write_film(tmp_path / f"{name}.dicom")
    head = "image_id,rad_id,class_name,x_min,y_min,x_max,y_max\n"
    rows = "9a5094,R10,Cardiomegaly,6.5,7,30,28\n9a5094,R9,Cardiomegaly,5,7,31,28.5\n0005e8,R2,No finding,,,,\n"
    _write(tmp_path, head + rows, "annotations/annotations_train.csv")
    rows = "image_id,class_name,x_min,y_min,x_max,y_max\naa11,Aortic enlargement,1,2,3,4\n"
    _write(tmp_path, rows, "annotations/annotations_test.csv")
    read = read_card(tmp_path, "vindr_cxr")
    assert {item.id: item.split for item, _ in read.values()} == {"0005e8": "train", "9a5094": "train", "aa11": "test"}
    assert {item.modality for item, _ in read.values()} == {Modality.XR}
    assert read["0005e8"][1] == ()
    drawn = read["9a5094"][1]
    assert [annotation.box for annotation in drawn] == [(6.5, 7, 30, 28), (5, 7, 31, 28.5)]
    assert [dict(annotation.attributes)["reader"] for annotation in drawn] == ["R10", "R9"]


def test_corner_and_size_with_rows_of_films_without_opacity(tmp_path):
    """The layout of RSNA's pneumonia set."""
    for name in ("0004cfab", "00436515"):
        _write_film(tmp_path / "stage_2_train_images" / f"{name}.dcm")
    rows = "patientId,x,y,width,height,Target\n0004cfab,,,,,0\n00436515,2.0,3.0,10.0,4.0,1\n00436515,20,3,5,4,1\n"
    _write(tmp_path, rows, "stage_2_train_labels.csv")
    read = read_card(tmp_path, "rsna_pneumonia")
    assert {name: [annotation.box for annotation in drawn] for name, (_, drawn) in read.items()} == {
        "0004cfab": [],
        "00436515": [(2, 3, 12, 7), (20, 3, 25, 7)],
    }


def test_films_lie_in_folders_that_the_table_does_not_name(tmp_path):
    """The layout of NIH ChestX-ray14, with its odd header."""
    write_picture(tmp_path / "images_004" / "images" / "00006585_007.png", noise((40, 30)))
    write_picture(tmp_path / "images_004" / "images" / "00006585_008.png", noise((40, 30)))
    rows = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n00006585_007.png,Atelectasis,2.5,3.25,10,4.75,,,\n"
    _write(tmp_path, rows, "BBox_List_2017.csv")
    ((item, (annotation,)),) = read_card(tmp_path, "nih_chestxray14").values()
    assert item.patient == "00006585"
    assert (annotation.value, annotation.box) == ("Atelectasis", (2.5, 3.25, 12.5, 8))


def test_boxes_in_one_cell_on_slices_with_an_offset(tmp_path):
    """The layout of DeepLesion: 16-bit PNG files whose zero is 32768; the same slice number in two series."""
    hounsfield = np.linspace(-1000, 900, 1200).reshape(40, 30).round().astype(np.int32)
    for series in ("000001_01_01", "000001_02_01"):
        write_picture(tmp_path / "Images_png" / series / "109.png", (hounsfield + 32768).astype(np.uint16))
    head = "File_name,Patient_index,Bounding_boxes,Coarse_lesion_type,Train_Val_Test\n"
    rows = '000001_01_01_109.png,1,"6.169, 10.0204, 24.252, 21.977",3,1\n'
    _write(tmp_path, head + rows, "DL_info.csv")
    ((item, (annotation,)),) = read_card(tmp_path, "deeplesion").values()
    assert item.image == tmp_path / "Images_png" / "000001_01_01" / "109.png"
    assert item.split == "train"
    assert (annotation.value, annotation.box) == ("3", (6.169, 10.0204, 24.252, 21.977))
    assert np.array_equal(item.read().array[0], hounsfield)


def test_phrases_stay_with_their_boxes(tmp_path):
    """The layout of MS-CXR on the JPEG files of MIMIC-CXR."""
    path = "files/p10/p10000032/s50414267/02aa804e.jpg"
    write_picture(tmp_path / path, noise((40, 30)))
    head = "category_name,label_text,path,x,y,w,h,image_width,image_height,dicom_id\n"
    rows = f'Pleural Effusion,"small left effusion, unchanged",{path},3,4,10,6,40,30,02aa804e\n'
    _write(tmp_path, head + rows, "MS_CXR_Local_Alignment_v1.0.0.csv")
    ((item, (annotation,)),) = read_card(tmp_path, "ms_cxr").values()
    assert item.patient == "p10000032"
    assert annotation.box == (3, 4, 13, 10)
    assert dict(annotation.attributes)["phrase"] == "small left effusion, unchanged"


def test_numbers_of_pixels_become_edges(capsule):
    _write(capsule, "name;class;xmin;ymin;xmax;ymax\na.png;polyp;3;4;5;6\n")
    for counting, box in (("edges", (3, 4, 5, 6)), ("from_zero", (3, 4, 6, 7)), ("from_one", (2, 3, 5, 6))):
        assert _drawn(capsule, boxes={**LAYOUT["boxes"], "counting": counting})[0].box == box


def test_shares_become_pixels(capsule):
    _write(capsule, "name;class;xmin;ymin;xmax;ymax\na.png;polyp;0.1;0.2;0.5;1\n")
    assert np.allclose(_drawn(capsule, share=True)[0].box, (4, 6, 20, 30))


def test_images_that_no_row_is_about_are_empty_where_the_layout_says_so(capsule):
    write_picture(capsule / "images" / "b.png", noise((40, 30)))
    _write(capsule, "name;class;xmin;ymin;xmax;ymax\na.png;polyp;3;4;5;6\n")
    assert len(read_layout(capsule, LAYOUT)) == 1
    read = read_layout(capsule, {**LAYOUT, "unlisted": "empty"})
    assert [len(drawn) for _, drawn in read.values()] == [1, 0]


def test_an_image_that_is_not_there_fails_when_it_is_read(capsule):
    _write(capsule, "name;class;xmin;ymin;xmax;ymax\nlost.png;polyp;3;4;5;6\n")
    with pytest.raises(Exception, match=r"images/lost.png: expected an image file .* nothing is there"):
        read_layout(capsule, LAYOUT)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.png;polyp;3;four;5;6", "expected a number in column 'ymin', got 'four'"),
        ("a.png;polyp;3;;5;6", "expected a value in column 'ymin', it is empty"),
        ("a.png;polyp;5;4;3;6", "expected a box of a size above 0"),
        ("a.png;polyp;3;4;inf;6", "expected a box of a size above 0"),
    ],
)
def test_a_bad_cell_names_file_and_line(capsule, row, message):
    _write(capsule, f"name;class;xmin;ymin;xmax;ymax\na.png;polyp;3;4;5;6\n{row}\n")
    with pytest.raises(DataError, match=rf"boxes.csv, line 3: {message}"):
        _drawn(capsule)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name;class;xmin;ymin;xmax\na.png;polyp;3;4;5\n", "line 1: expected a column ymax, got name, class, xmin"),
        ("name,class,xmin,ymin,xmax,ymax\n", "line 1: expected a column name"),
        ("name;class;xmin;ymin;xmax;ymax\na.png;polyp;3\n", "line 2: expected 6 cells as in the header, got 3"),
        ("name;class;xmin;ymin;xmax;ymax\n;polyp;3;4;5;6\n", "line 2: expected a value in column 'name'"),
    ],
)
def test_a_bad_table_is_refused_before_anything_is_read(capsule, text, message):
    _write(capsule, text)
    with pytest.raises(DataError, match=rf"boxes.csv, {message}"):
        _drawn(capsule)


def test_a_table_without_rows_or_file_is_named(capsule):
    with pytest.raises(DataError, match=r"expected a file boxes.csv, there is none"):
        _drawn(capsule)
    _write(capsule, "name;class;xmin;ymin;xmax;ymax\n")
    with pytest.raises(DataError, match=r"expected rows in boxes.csv, there are none"):
        _drawn(capsule)


def test_a_cell_that_is_not_made_as_its_parts_say_is_named(capsule):
    _write(capsule, "name;class;xmin;ymin;xmax;ymax\na.png;polyp;3;4;5;6\n")
    table = {**LAYOUT["table"], "parts": {"name": "{patient}_{number}.png"}}
    with pytest.raises(DataError, match=r"line 2: expected column 'name' to be made as '\{patient\}_\{number\}.png'"):
        _drawn(capsule, table=table)


def test_columns_of_no_form_are_refused():
    with pytest.raises(ConfigurationError, match=r"layout.boxes: expected the words x_low, y_low.*; got left, top"):
        read_layout(None, {**LAYOUT, "boxes": {"left": "x", "top": "y"}})
