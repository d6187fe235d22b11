# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the pipeline's tests, which need the extra ``pacs``; without it they are not collected."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("dbos") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    from tests.apps.pacs.collected_sockets import collected_sockets
    from tests.apps.pacs.postgresql import postgresql
    from tests.apps.pacs.running_site import make_worker, node

    __all__ = ["collected_sockets", "make_worker", "node", "postgresql"]
