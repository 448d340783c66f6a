#!/usr/bin/env bash
# Builds the program for 64-bit ARM on another machine, and runs it in an emulator: it says its version, and that a config
# is right.
#
#   arm.sh FOLDER                     where it is built: target/arm
#
# Needs Debian and root (it installs a compiler, the headers of ARM and the emulator), and a quarter of an hour.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
target=aarch64-unknown-linux-gnu tools=aarch64-linux-gnu

if ! { dpkg -s crossbuild-essential-arm64 libssl-dev:arm64 qemu-user-static >/dev/null 2>&1; }; then
  dpkg --add-architecture arm64
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends \
    crossbuild-essential-arm64 qemu-user-static \
    libcurl4-openssl-dev:arm64 libsasl2-dev:arm64 libssl-dev:arm64 libzstd-dev:arm64 zlib1g-dev:arm64
fi
rustup target add $target

export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=$tools-gcc AR_aarch64_unknown_linux_gnu=$tools-ar
export CC_aarch64_unknown_linux_gnu=$tools-gcc CXX_aarch64_unknown_linux_gnu=$tools-g++
export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_PATH=/usr/lib/$tools/pkgconfig
export AARCH64_UNKNOWN_LINUX_GNU_OPENSSL_LIB_DIR=/usr/lib/$tools AARCH64_UNKNOWN_LINUX_GNU_OPENSSL_INCLUDE_DIR=/usr/include
cargo build --profile proof -p tocsin --target $target --target-dir "$1"

tocsin() { qemu-aarch64-static -L /usr/$tools -E LD_LIBRARY_PATH=/usr/lib/$tools "$1/$target/proof/tocsin" "${@:2}"; }
tocsin "$1" version
config=$(mktemp)
trap 'rm -f "$config"' EXIT
printf '[[brand]]\nname = "a"\nquery = "a"\n' >"$config"
tocsin "$1" config check --config "$config"
