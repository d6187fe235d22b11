# SPDX-License-Identifier: Apache-2.0
"""The command line ``medglip``: one module per verb, and ``main`` that knows them all.

A verb module has ``add_parser(verbs)``, which describes the verb to argparse, and ``run(arguments)``, which does the
work and gives back the exit status. It imports heavy libraries inside ``run`` only, so that ``--help`` stays fast.
"""

from __future__ import annotations

__all__: list[str] = []
