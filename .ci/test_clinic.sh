#!/bin/sh
# The tests that need Debian packages: installed where this is Debian and we may, else used as they are found.
# VENV names the virtual environment; unset, the one that `make test` left is used, or a fresh one is made.
set -eu
cd "$(dirname "$0")/.."
packages="orthanc orthanc-dicomweb dcmtk dicom3tools libpixelmed-java default-jre-headless postgresql"
packages="$packages chromium fonts-noto-cjk"
if command -v apt-get >/dev/null && ! dpkg -s $packages >/dev/null 2>&1; then
    [ "$(id -u)" = 0 ] || as=sudo
    # shellcheck disable=SC2086
    { ${as:-} apt-get update -qq && ${as:-} env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends $packages >/dev/null; } ||
        echo "not all of these could be installed, tests that need them are skipped: $packages" >&2
fi
if [ ! -d "${VENV:=.venv}" ]; then
    VENV=.venv-test
    [ -d "$VENV" ] || .ci/venv.sh "$VENV" dev,itk,dicom,data,interchange,s3,export,mlflow,notebooks,pacs
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
# A built viewer, 50 MB to fetch once; the package needs no Node.js to be served.
ohif=3.13.2
if [ -z "${MEDGLIP_OHIF:-}" ]; then
    MEDGLIP_OHIF="$PWD/.ohif/$ohif/package/dist"
    [ -f "$MEDGLIP_OHIF/index.html" ] || .ci/ohif.sh "$ohif" ".ohif/$ohif" ||
        echo "OHIF could not be fetched (npm), tests that need it are skipped" >&2
fi
export MEDGLIP_OHIF
exec .ci/tests.sh -m clinic
