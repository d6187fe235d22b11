# SPDX-License-Identifier: Apache-2.0
"""Text of a result in UTF-8, whatever character set the source images have."""

from __future__ import annotations

from typing import TypeVar

from pydicom import Dataset
from pydicom.valuerep import PersonName

__all__ = ["write_in_utf8"]

DatasetT = TypeVar("DatasetT", bound=Dataset)


def write_in_utf8(dataset: DatasetT) -> DatasetT:
    """Declare UTF-8 and take patient names out of the encoding that they came in; the data set is changed in place."""
    for element in dataset.iterall():
        if element.VR == "PN" and element.value:
            element.value = PersonName(str(element.value), ["UTF8"])
    dataset.SpecificCharacterSet = "ISO_IR 192"
    return dataset
