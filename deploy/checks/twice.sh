#!/usr/bin/env bash
# Builds what is committed twice, in two folders, and fails unless the two programs are the same to the byte.
#
#   twice.sh FOLDER                   where they are built: target/twice
#
# Some minutes a build.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rm -rf "$1"
for folder in "$1/one" "$1/another/one"; do
  mkdir -p "$folder"
  git -C "$top" archive HEAD | tar -x -C "$folder"
  (unset CARGO_TARGET_DIR && "$folder/deploy/build.sh")
  strip --strip-debug "$folder/target/release/tocsin"
  sha256sum "$folder/target/release/tocsin"
done
cmp "$1/one/target/release/tocsin" "$1/another/one/target/release/tocsin"
echo "the same to the byte"
