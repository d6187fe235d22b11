#!/bin/sh
# Run every benchmark; each writes its JSON to benchmarks/results. VENV names the virtual environment (.venv when unset).
set -eu
cd "$(dirname "$0")/.."
for benchmark in benchmarks/bench_*.py; do
    echo "$benchmark"
    "${VENV:-.venv}/bin/python" "$benchmark"
done
