# SPDX-License-Identifier: Apache-2.0
"""The one protocol by which quality is measured; the formulas are in ``metrics``.

Read ``docs/explanation/evaluation.md`` for what is asked of which image, and why.
"""

from __future__ import annotations

from monai_medglip.evaluation.baselines import CenterBox, MedianBox
from monai_medglip.evaluation.predictions import Predictor
from monai_medglip.evaluation.protocol import Group, Protocol, Question
from monai_medglip.evaluation.quality import evaluate_quality
from monai_medglip.evaluation.result_file import result_head, write_result

__all__ = [
    "CenterBox",
    "Group",
    "MedianBox",
    "Predictor",
    "Protocol",
    "Question",
    "evaluate_quality",
    "result_head",
    "write_result",
]
