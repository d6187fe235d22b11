#!/bin/sh
# The tests that need Debian packages: installed where this is Debian and we may, else used as they are found.
# VENV names the virtual environment; unset, the one that `make test` left is used, or a fresh one is made.
set -eu
cd "$(dirname "$0")/.."
packages="orthanc dcmtk dicom3tools libpixelmed-java default-jre-headless chromium postgresql"
if command -v apt-get >/dev/null && ! dpkg -s $packages >/dev/null 2>&1; then
    [ "$(id -u)" = 0 ] || as=sudo
    # shellcheck disable=SC2086
    { ${as:-} apt-get update -qq && ${as:-} env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends $packages >/dev/null; } ||
        echo "not all of these could be installed, tests that need them are skipped: $packages" >&2
fi
if [ ! -d "${VENV:=.venv}" ]; then
    VENV=.venv-test
    [ -d "$VENV" ] || .ci/venv.sh "$VENV" dev,itk,dicom,data,export,mlflow,notebooks,pacs
fi
export VENV
# The MONAI Deploy SDK has releases for Linux alone, and asks for much that nothing else here needs.
if [ -n "${MEDGLIP_DEPLOY_PYTHON:-}" ]; then
    export MEDGLIP_DEPLOY_PYTHON
elif .ci/deploy_venv.sh .venv-deploy; then
    export MEDGLIP_DEPLOY_PYTHON="$PWD/.venv-deploy/bin/python"
else
    echo "the MONAI Deploy SDK could not be installed, tests that need it are skipped" >&2
fi
exec .ci/tests.sh -m clinic
