# SPDX-License-Identifier: Apache-2.0
"""What MONAI's stock engines need to train and validate phrase grounding: batches, precision, handlers, key metric."""

from __future__ import annotations

from monai_medglip.engines.autocast_inferer import AutocastInferer
from monai_medglip.engines.checkpoints import latest_checkpoint
from monai_medglip.engines.engine_state import EngineState
from monai_medglip.engines.grounding_metric import GroundingMetric
from monai_medglip.engines.grounding_writer import GroundingWriterHandler
from monai_medglip.engines.overlay_handler import OverlayHandler
from monai_medglip.engines.parameter_groups import parameter_groups
from monai_medglip.engines.prepare_batch import prepare_grounding_batch, prepare_scan_batch
from monai_medglip.engines.process_share import process_share
from monai_medglip.engines.random_state import RandomState
from monai_medglip.engines.same_buffers import SameBuffersHandler
from monai_medglip.engines.schedule_state import ScheduleState
from monai_medglip.engines.shared_handler import SharedHandler
from monai_medglip.engines.training_handlers import DataWaitHandler, GradientClippingHandler, ProgressHandler

__all__ = [
    "AutocastInferer",
    "DataWaitHandler",
    "EngineState",
    "GradientClippingHandler",
    "GroundingMetric",
    "GroundingWriterHandler",
    "OverlayHandler",
    "ProgressHandler",
    "RandomState",
    "SameBuffersHandler",
    "ScheduleState",
    "SharedHandler",
    "latest_checkpoint",
    "parameter_groups",
    "prepare_grounding_batch",
    "prepare_scan_batch",
    "process_share",
]
