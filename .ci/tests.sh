#!/bin/sh
# The tests; words after the script's name go to pytest. VENV names the virtual environment (.venv when unset).
set -eu
cd "$(dirname "$0")/.."
exec "${VENV:-.venv}/bin/python" -m pytest "$@"
