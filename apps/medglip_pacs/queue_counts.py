# SPDX-License-Identifier: Apache-2.0
"""How many jobs there are in which state, counted by the database that DBOS keeps them in.

DBOS itself lists jobs and does not count them, which takes seconds when a month of jobs is on record. The table and its
columns are those of https://docs.dbos.dev/explanations/system-tables.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

__all__ = ["QueueCounts"]


class QueueCounts:
    """Counts of one queue's jobs.

    Args:
        url: of the database that DBOS was given.
    """

    def __init__(self, url: str) -> None:
        place = sa.make_url(url)
        is_file = place.get_backend_name() == "sqlite"
        # DBOS brings psycopg 3; SQLAlchemy takes another driver for "postgresql" when none is named.
        self._engine = sa.create_engine(place if is_file else place.set(drivername="postgresql+psycopg"), pool_size=2)
        self._jobs = sa.table(
            "workflow_status",
            sa.column("name", sa.Text()),
            sa.column("status", sa.Text()),
            sa.column("completed_at", sa.BigInteger()),
            schema=None if is_file else "dbos",
        )

    def by_status(self) -> dict[str, int]:
        """Return the number of jobs by DBOS' word for their state."""
        status = self._jobs.c.status
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(status, sa.func.count()).group_by(status))
            return {str(name): int(count) for name, count in rows}

    def succeeded_since(self, moment: datetime, *, name: str) -> int:
        """Return how many jobs of one name ended well since a moment."""
        jobs = self._jobs.c
        wanted = (
            jobs.completed_at >= int(moment.timestamp() * 1000),
            jobs.status == "SUCCESS",
            jobs.name == name,
        )
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).where(*wanted)).scalar_one())

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()
