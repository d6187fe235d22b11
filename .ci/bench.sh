#!/bin/sh
# Make the committed results again that need only the bundle and the data. VENV names the virtual environment (.venv
# when unset), MEDGLIP_DATA the data folder (../shared/data/2d when unset). Run it on an otherwise idle machine.
set -eu
cd "$(dirname "$0")/.."
bin=${VENV:-.venv}/bin
data=${MEDGLIP_DATA:-../shared/data/2d}
bundle=bundles/medglip_2d
results=benchmarks/results
mkdir -p "$results"
"$bin/medglip" evaluate --data "$data" --bundle "$bundle" --out "$results/quality_2d.json"
"$bin/python" benchmarks/phrases.py --data "$data" --bundle "$bundle" --out "$results/phrases.json"
"$bin/python" benchmarks/cost_cpu.py --bundle "$bundle" --out "$results/cost_cpu.json"
"$bin/python" benchmarks/cost_cpu_3d.py --bundle bundles/medglip_3d --out "$results/cost_cpu_3d.json"
