# SPDX-License-Identifier: Apache-2.0
"""Questions to tables in SQL, answered by DuckDB, which can read these tables and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_medglip.data_engine.store.arrow import pa
from monai_medglip.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    import duckdb

__all__ = ["StoreQueries"]


class StoreQueries:
    """One view per table.

    Args:
        tables: the Parquet files of each table, or its rows.
    """

    def __init__(self, tables: Mapping[str, Sequence[Path] | pa.Table]) -> None:
        self._tables = dict(tables)
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._process = os.getpid()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the connection behind."""
        return {**self.__dict__, "_connection": None}

    def ask(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """Give the answer to one SELECT.

        Args:
            sql: the question; ``?`` stands for the parameters.
            parameters: values for the question marks.

        Raises:
            DataError: when it is not one SELECT, or DuckDB cannot answer it.
        """
        import duckdb

        connection = self._connected()
        try:
            statements = connection.extract_statements(sql)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
                raise DataError(f"expected one SELECT, got {kinds}; a store is only read")
            # None for a question without parameters, or DuckDB prepares it twice
            return connection.sql(sql, params=list(parameters) or None).to_arrow_table()
        except duckdb.Error as error:
            raise DataError(f"expected a question in SQL about {', '.join(self._tables)}, but {error}") from error

    def _connected(self) -> duckdb.DuckDBPyConnection:
        """Give this process's connection: DuckDB's threads do not survive a fork."""
        if self._connection is None or self._process != os.getpid():
            self._connection, self._process = _connect(self._tables), os.getpid()
        return self._connection


def _connect(tables: Mapping[str, Sequence[Path] | pa.Table]) -> duckdb.DuckDBPyConnection:
    try:
        import duckdb
    except ImportError as error:
        raise ConfigurationError("expected duckdb for queries; pip install monai_medglip[data]") from error
    connection = duckdb.connect()
    allowed: list[str] = []
    for name, content in tables.items():
        if isinstance(content, pa.Table):
            connection.register(name, content)
            continue
        paths = [str(path.resolve()) for path in content]
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet([{listed}])')
        allowed += paths
    connection.execute("SET allowed_paths = $paths", {"paths": allowed})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection
