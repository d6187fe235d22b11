#!/bin/sh
# The documentation site in docs/_build; any warning fails. VENV names the virtual environment (.venv when unset).
set -eu
cd "$(dirname "$0")/.."
exec "${VENV:-.venv}/bin/sphinx-build" -W --keep-going -q -b html docs docs/_build
