# SPDX-License-Identifier: Apache-2.0
"""Prints what the application is to the SDK, as JSON: ``BUNDLES OUT``, with the application's folder on the path."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

from grounding_app import GroundingApp
from monai.deploy.core import Application, Operator
from run_options import RunOptions

from monai_medglip.readers import GuardedReader

bundles, out = sys.argv[1:]
with GuardedReader() as reader:
    app = GroundingApp(RunOptions.parse(["app", "-i", out, "-o", out, "-m", bundles]), reader, Path(out))
    app.compose_graph()
    operators = list(app.graph.get_nodes())
    facts = {
        "sdk": version("monai-deploy-app-sdk"),
        "is_application": isinstance(app, Application),
        "are_operators": all(isinstance(operator, Operator) for operator in operators),
        "order": [operator.name for operator in operators],
        "sources": {operator.name: list(operator.conditions) for operator in operators if app.graph.is_root(operator)},
        "inputs": {operator.name: list(operator.spec.inputs) for operator in operators},
        "outputs": {operator.name: list(operator.spec.outputs) for operator in operators},
    }
sys.stdout.write("\n" + json.dumps(facts) + "\n")
