#!/bin/sh
# Everything that must hold, from a fresh virtual environment on; prints how long each step took.
set -eu
cd "$(dirname "$0")/.."
VENV=.venv-test
export VENV

step() {
    name=$1
    shift
    echo "== $name"
    start=$(date +%s)
    "$@"
    echo "== $name: $(($(date +%s) - start)) s"
}

step "fresh environment" .ci/venv.sh "$VENV" dev,itk,dicom,data,interchange,s3,export,mlflow,notebooks,pacs
step "lint, types, layers" .ci/check.sh
step "tests" .ci/tests.sh -m "not clinic"
step "documentation" .ci/docs.sh
step "notebooks" .ci/notebooks.sh
