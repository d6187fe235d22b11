#!/bin/sh
# Make the committed results again that need only the bundle and the data. VENV names the virtual environment (.venv
# when unset), MEDGLIP_DATA the folder of the data folders 2d and 3d (../shared/data when unset). Run it on an otherwise
# idle machine.
set -eu
cd "$(dirname "$0")/.."
bin=${VENV:-.venv}/bin
data=${MEDGLIP_DATA:-../shared/data}
results=benchmarks/results
mkdir -p "$results"
for dims in 2d 3d; do
    "$bin/medglip" evaluate --data "$data/$dims" --bundle "bundles/medglip_$dims" --out "$results/quality_$dims.json"
done
"$bin/python" benchmarks/phrases.py --data "$data/2d" --bundle bundles/medglip_2d --out "$results/phrases.json"
"$bin/python" benchmarks/phrases.py --data "$data/3d" --bundle bundles/medglip_3d --out "$results/phrases_3d.json"
"$bin/python" benchmarks/box_sources.py --data "$data/3d" --bundle bundles/medglip_3d --out "$results/box_sources_3d.json"
"$bin/python" benchmarks/mask_resolution.py --data "$data/3d" --out "$results/mask_resolution_3d.json"
"$bin/python" benchmarks/cost_cpu.py --bundle bundles/medglip_2d --out "$results/cost_cpu.json"
"$bin/python" benchmarks/cost_cpu_3d.py --bundle bundles/medglip_3d --out "$results/cost_cpu_3d.json"
"$bin/python" benchmarks/clinic_reading.py --data "$data/dicom" --out "$results/clinic_reading.json"
"$bin/python" benchmarks/quickstart.py --out "$results/quickstart.json"
