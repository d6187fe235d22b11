#!/bin/sh
# A virtual environment with the MONAI Deploy SDK and this checkout, kept as long as what is asked for stays the same.
#   .ci/deploy_venv.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
folder=$1
asked=apps/medglip_deploy/requirements.txt
made_from="$folder/made-from"
if ! cat setup.cfg constraints.txt "$asked" | cmp -s - "$made_from"; then
    .ci/venv.sh "$folder" dicom
    "$folder/bin/pip" install --quiet -r "$asked"
    cat setup.cfg constraints.txt "$asked" >"$made_from"
fi
