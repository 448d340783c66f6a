#!/usr/bin/env bash
# Looks whether this machine can build, and run the servers that the tests need. Installs what is missing where it
# may (as root, with apt-get), otherwise names it. Without the servers one can build, and those tests are
# skipped; with CI=true nothing may be missing.
set -euo pipefail

has() { command -v "$1" >/dev/null; }
library() { pkg-config --exists "$1" 2>/dev/null; }

# Installs packages or says which; fails if something is still missing.
get() { # what for, packages …
  local purpose=$1
  shift
  if [ "$(id -u)" = 0 ] && has apt-get; then
    echo "missing $purpose: installing $*"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
      apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >/dev/null && return
  fi
  echo "Missing $purpose. On Debian: sudo apt-get install $*" >&2
  return 1
}

# Kafka's client is built from C: cmake, and headers of what it is linked with.
build=()
has cc && has c++ && has make || build+=(build-essential)
has cmake || build+=(cmake)
has pkg-config || build+=(pkg-config)
library libcurl || build+=(libcurl4-openssl-dev) # headers only: nothing is linked with it
library openssl || build+=(libssl-dev)
library zlib || build+=(zlib1g-dev)
library libzstd || build+=(libzstd-dev)
[ ${#build[@]} = 0 ] || get "to build" "${build[@]}"
has git || get "to build" git
has cargo || { echo 'There is no Rust. Install it from https://rustup.rs, then come back.' >&2; exit 1; }

servers=()
has redis-server || servers+=(redis-server)
has java || servers+=(openjdk-17-jre-headless)
has mvn || servers+=(maven)
has openssl || servers+=(openssl)
[ ${#servers[@]} = 0 ] || get "for the tests against Kafka and Redis" "${servers[@]}" || [ "${CI:-}" != true ]
