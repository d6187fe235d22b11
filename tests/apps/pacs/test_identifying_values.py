# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from apps.medglip_pacs.identifying_values import identifying_values


def test_words_and_dates_of_a_header_identify_wherever_they_stand() -> None:
    header = {
        "PatientID": "4711",
        "OtherPatientIDs": "A1\\B2",
        "StudyDate": "20250317",
        "PatientComments": "aunt of the mayor",
        "RequestAttributesSequence": [{"ScheduledProcedureStepDescription": "for Doe", "CodeValue": "X"}],
        "PrivateThing": "hidden too",
        "PatientAddress": None,
    }
    told = {"4711", "A1", "B2", "20250317", "aunt of the mayor", "for Doe", "hidden too"}
    assert identifying_values(header) == told


def test_what_is_said_of_the_machine_and_the_pixels_stays_readable() -> None:
    header = {"Modality": "CT", "Rows": "512", "Manufacturer": "Scanner Works", "SOPClassUID": "1.2", "KVP": "120"}
    assert identifying_values(header) == frozenset()
