#!/bin/sh
# Figures about the package's own code. VENV names the virtual environment (.venv when unset).
set -eu
cd "$(dirname "$0")/.."
exec "${VENV:-.venv}/bin/python" .ci/code_shape.py monai_medglip
