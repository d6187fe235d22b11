#!/bin/sh
# Make a virtual environment with this checkout installed in it.
#   .ci/venv.sh FOLDER [EXTRAS]      e.g. .ci/venv.sh .venv dev,itk,dicom,export,mlflow,notebooks
# PYTHON names the interpreter (python3 when unset). pip's own settings decide where packages come from.
set -eu
cd "$(dirname "$0")/.."
folder=$1
extras=${2:-}
"${PYTHON:-python3}" -m venv --clear "$folder"
pip="$folder/bin/pip"
# The pins are for Python 3.11 and newer; on 3.10, which some of them have left, pip chooses.
if "$folder/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    pins="-c constraints.txt"
else
    pins=
fi
# torch first: whichever build of it pip is set up to find (CPU, CUDA) is then kept by the rest.
# shellcheck disable=SC2086
"$pip" install --quiet $pins torch
# shellcheck disable=SC2086
"$pip" install --quiet $pins -e ".${extras:+[$extras]}"
