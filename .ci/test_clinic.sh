#!/bin/sh
# The tests that need Debian packages: installed where this is Debian and we may, else used as they are found.
# VENV names the virtual environment; unset, the one that `make test` left is used, or a fresh one is made.
set -eu
cd "$(dirname "$0")/.."
VENV=${VENV:-.venv-test}
[ "$VENV" = .venv ] && [ ! -d .venv ] && VENV=.venv-test
export VENV
if ! { command -v Orthanc /usr/sbin/Orthanc && command -v storescu; } >/dev/null && command -v apt-get >/dev/null; then
    [ "$(id -u)" = 0 ] || as=sudo
    ${as:-} apt-get update -qq
    DEBIAN_FRONTEND=noninteractive ${as:-} apt-get install -qq -y --no-install-recommends orthanc dcmtk >/dev/null
fi
[ -d "$VENV" ] || .ci/venv.sh "$VENV" dev,itk,dicom,export,mlflow,notebooks,pacs
exec .ci/tests.sh -m clinic
