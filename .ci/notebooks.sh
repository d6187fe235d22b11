#!/bin/sh
# Execute every notebook without changing the file. VENV names the virtual environment (.venv when unset).
set -eu
cd "$(dirname "$0")/.."
for notebook in notebooks/*.ipynb; do
    [ -e "$notebook" ] || continue
    "${VENV:-.venv}/bin/jupyter" execute --timeout=300 "$notebook"
done
