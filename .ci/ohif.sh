#!/bin/sh
# Fetch a built OHIF of a version into a folder, whole or not at all; npm's own settings decide where it comes from.
#   .ci/ohif.sh VERSION FOLDER
set -eu
version=$1
folder=$2
part="$folder.part"
command -v npm >/dev/null
rm -rf "$part"
mkdir -p "$part"
(cd "$part" && npm pack --silent "@ohif/app@$version" >/dev/null && tar xzf "ohif-app-$version.tgz" &&
    rm "ohif-app-$version.tgz")
rm -rf "$folder"
mv "$part" "$folder"
