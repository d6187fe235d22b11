#!/bin/sh
# Zip each bundle as the MONAI Model Zoo wants it: dist/NAME_vVERSION.zip with one folder NAME at the top, which also
# holds the text encoder. VENV names the virtual environment (.venv when unset).
set -eu
cd "$(dirname "$0")/.."
for bundle in bundles/medglip_*; do
    "${VENV:-.venv}/bin/python" .ci/zip_bundle.py "$bundle" --text-encoder bundles/text_encoder --out dist
done
