# SPDX-License-Identifier: Apache-2.0
"""Readers of the layouts in which public data sets come, one file each; what a data set is says its card."""

from __future__ import annotations

from monai_medglip.data_engine.adapters.adapter import Adapter
from monai_medglip.data_engine.adapters.annotation import Annotation, AnnotationReader
from monai_medglip.data_engine.adapters.registry import READERS, adapter_from_layout
from monai_medglip.data_engine.adapters.source_item import SourceItem

__all__ = ["READERS", "Adapter", "Annotation", "AnnotationReader", "SourceItem", "adapter_from_layout"]
