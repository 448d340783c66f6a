#!/usr/bin/env bash
# Builds the program as it is released: of the same sources, with the same compilers, the same bytes in whatever folder.
# No path of this machine stays in it. What it is given goes to cargo; the program lies in target/release.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The last that fits counts, so what lies within another stands behind it.
remap() { printf " $1%s=%s" "${CARGO_HOME:-$HOME/.cargo}" cargo "$PWD" . "${CARGO_TARGET_DIR:-$PWD/target}" target; }
export RUSTFLAGS="${RUSTFLAGS:-}$(remap --remap-path-prefix=)"
export CFLAGS="${CFLAGS:-}$(remap -ffile-prefix-map=)" CXXFLAGS="${CXXFLAGS:-}$(remap -ffile-prefix-map=)"
exec cargo build --release --locked -p tocsin "$@"
