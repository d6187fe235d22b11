#!/bin/sh
# Make a virtual environment with this checkout installed in it.
#   .ci/venv.sh FOLDER [EXTRAS]      e.g. .ci/venv.sh .venv dev,itk,dicom,notebooks
# PYTHON names the interpreter (python3 when unset). pip's own settings decide where packages come from.
set -eu
cd "$(dirname "$0")/.."
folder=$1
extras=${2:-}
"${PYTHON:-python3}" -m venv --clear "$folder"
# torch first and pinned: whichever build of this version pip is set up to find (CPU, CUDA) is then kept by the rest.
"$folder/bin/pip" install --quiet -c constraints.txt torch
"$folder/bin/pip" install --quiet -c constraints.txt -e ".${extras:+[$extras]}"
