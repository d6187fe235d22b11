# SPDX-License-Identifier: Apache-2.0
"""Giving the jobs of a worker that will not come back to the others; it works on none itself."""

from __future__ import annotations

from dbos import DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from apps.medglip_pacs.errors import LaterError

__all__ = ["adopt_jobs"]


def adopt_jobs(worker: str, *, url: str) -> list[str]:
    """Queue again what a worker had begun, and return the names of the jobs.

    Args:
        worker: name of the lost one. Were it still at work, what it works on would be done twice.
        url: of the queue's database.

    Raises:
        LaterError: when the queue does not answer.
    """
    try:
        client = DBOSClient(
            system_database_url=url, serializer=DBOSPortableJSONSerializer(), retry_connection_errors=False
        )
        begun = client.list_workflows(status="PENDING", executor_id=worker, load_input=False, load_output=False)
        for job in begun:
            client.resume_workflow(job.workflow_id, queue_name=job.queue_name)
    except SQLAlchemyError as error:
        raise LaterError(f"the queue does not answer: {type(error).__name__}; is its database running?") from error
    client.destroy()
    return [job.workflow_id for job in begun]
