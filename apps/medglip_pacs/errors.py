# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a job, by what is to be done about it: try later, set aside, or nothing.

::

    PipelineError (MedGLIPError)
    ├── LaterError        nothing is wrong with the series: Orthanc away, disk full, a destination that refuses
    ├── QuarantineError   this series cannot be grounded; a person has to look
    │   └── ModelDiedError  the model's process ended or was ended while it had the series
    └── GoneError         the series is no longer in Orthanc, or no longer the one the job was made for
"""

from __future__ import annotations

from monai_medglip.errors import MedGLIPError

__all__ = ["GoneError", "LaterError", "ModelDiedError", "PipelineError", "QuarantineError"]


class PipelineError(MedGLIPError):
    """Root of what the pipeline raises about a job."""


class LaterError(PipelineError):
    """The same job will work once something outside of it is mended."""


class QuarantineError(PipelineError):
    """This series cannot be grounded, and trying again will not change that."""


class ModelDiedError(QuarantineError):
    """The model's process ended, or was ended, while it worked on the series."""


class GoneError(PipelineError):
    """The series is no longer in Orthanc, or has changed since the job was made."""
