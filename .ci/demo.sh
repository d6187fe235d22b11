#!/bin/sh
# Pictures of real output in demo/: installs the package in .venv when it is not there yet, then runs the demo.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
[ -x "$venv/bin/medglip" ] || .ci/venv.sh "$venv" itk,dicom
exec "$venv/bin/medglip" demo --out demo
