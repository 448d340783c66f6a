#!/usr/bin/env bash
# The whole root file system of the image: the program, the libraries that it is linked with, whom TLS trusts, a user,
# a folder for data. Nothing else: no shell, no package manager.
#
#   root.sh BINARY FOLDER
#
# deploy/Dockerfile runs it while the image is built; deploy/checks/image.sh runs it to try the same without an image.
set -euo pipefail
binary=$1 root=$2

mkdir -p "$root"/{etc/ssl/certs,etc/tocsin,usr/local/bin,var/lib/tocsin,run/secrets,tmp}
install -m 755 "$binary" "$root/usr/local/bin/tocsin"
# What debuggers want stays where it was built; names in backtraces stay in.
strip --strip-debug "$root/usr/local/bin/tocsin"

# Each library where the loader looks for it, the loader too.
ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do
  install -D -m 755 "$(readlink -f "$library")" "$root$library"
done

install -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'tocsin:x:65532:65532:tocsin:/var/lib/tocsin:/nobody' >"$root/etc/passwd"
echo 'tocsin:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
