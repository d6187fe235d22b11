# SPDX-License-Identifier: Apache-2.0
"""The one import of Arrow, so that whoever lacks it is told which extra to install."""

from __future__ import annotations

from monai_medglip.errors import ConfigurationError

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
except ImportError as error:
    raise ConfigurationError(
        f"stores of records need pyarrow and duckdb, but {error}; pip install monai_medglip[data]"
    ) from error

__all__ = ["pa", "pc", "pq"]
