#!/usr/bin/env bash
# An archive of the program for one kind of machine, and its checksum, in target/archives. The program is one file that needs no
# library of the machine. Where this machine can run it, it is seen to run.
#
#   archive.sh x86_64-unknown-linux-musl   needs musl-gcc; so does aarch64-unknown-linux-musl, on such a machine
#   archive.sh x86_64-pc-windows-gnu       needs x86_64-w64-mingw32-gcc and -g++; from Linux
#   archive.sh aarch64-apple-darwin        on a Mac
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# = 1 ] || { sed -n '2,/^set/{/^#/s/^# \?//p}' "$0"; exit 2; }
target=$1 exe='' strip=strip archives=target/archives
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)

needs() { # tool, package
  command -v "$1" >/dev/null || { echo "$target needs $1. On Debian: sudo apt-get install $2" >&2; exit 1; }
}
case $target in
*-linux-musl) needs musl-gcc musl-tools ;;
*-windows-gnu)
  exe=.exe strip=x86_64-w64-mingw32-strip
  needs x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
  needs x86_64-w64-mingw32-g++ g++-mingw-w64-x86-64
  ;;
esac
rustup target add "$target" >&2

if [ "$(uname)" = Linux ]; then
  # Kafka's client wants to see curl's headers and a compiler of C++, and uses neither.
  mkdir -p target/headers
  ln -sfn "$(dirname "$(find /usr/include -path '*/curl/curl.h' | head -n 1)")" target/headers/curl
  export CFLAGS="${CFLAGS:-} -I$PWD/target/headers"
  [ -n "$exe" ] || export "CXX_${target//-/_}=g++"
fi
deploy/build.sh --features static --target "$target"

name=tocsin-$version-$target
rm -rf "${archives:?}/$name"*
mkdir -p "$archives/$name"
cp "target/$target/release/tocsin$exe" LICENSE README.md README.zh-CN.md CHANGELOG.md "$archives/$name"
"$strip" -S "$archives/$name/tocsin$exe"
python3 deploy/checks/sbom.py >"$archives/$name/tocsin.cdx.json"
if [[ $target = *-linux-musl ]] && ldd "$archives/$name/tocsin" 2>/dev/null | grep '=>'; then
  echo "$name needs these libraries" >&2
  exit 1
fi
[ -n "$exe" ] || "$archives/$name/tocsin" demo --exit

cd "$archives"
if [ -n "$exe" ]; then
  archive=$name.zip
  python3 -m zipfile -c "$archive" "$name"
else
  archive=$name.tar.gz
  tar -czf "$archive" "$name"
fi
if command -v sha256sum >/dev/null; then sha256sum "$archive"; else shasum -a 256 "$archive"; fi | tee "$archive.sha256"
