#!/bin/sh
# Lint, format, types, import order. VENV names the virtual environment (.venv when unset).
set -eu
cd "$(dirname "$0")/.."
bin=${VENV:-.venv}/bin
"$bin/ruff" check .
"$bin/ruff" format --check .
"$bin/mypy"
"$bin/lint-imports" --no-cache
