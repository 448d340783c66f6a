#!/usr/bin/env bash
# Tries the image's root file system where no container engine runs: the folder that deploy/root.sh makes is mounted
# read-only as the root of a new mount namespace, and the program runs in it as the image's user, with nothing else.
#
#   image.sh BINARY
#
# Needs root. It prints the size of the root and fails above 60 MB.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
"$here/../root.sh" "$1" "$root"
size=$(du -sb --apparent-size "$root" | cut -f1)
echo "root file system: $((size / 1000000)) MB, $(find "$root" -type f | wc -l) files"
[ "$size" -le 60000000 ] || { echo "it is larger than 60 MB" >&2; exit 1; }

mkdir "$work/config" "$work/data"
cat >"$work/config/tocsin.toml" <<'CONF'
[[brand]]
name = "山岚茶饮"
query = '山岚茶饮 OR "shanlan tea"'
CONF
for n in 1 2 3; do
  echo "{\"id\":\"$n\",\"source\":\"weibo\",\"text\":\"山岚茶饮喝出虫子\",\"created_at\":\"2026-03-01T08:0$n:00+08:00\",\"author\":{\"id\":\"u$n\"}}"
done >"$work/config/posts.jsonl"
chown -R 65532:65532 "$work/data"
chmod 755 "$work" "$work/config"

# A mount namespace of its own, so nothing outlives it; /dev and /proc as a container engine gives them.
inside() { # arguments of tocsin …
  unshare --mount --propagation private bash -c '
    work=$1; shift
    mount --bind "$work/root" "$work/root"
    mkdir -p "$work/root/dev" "$work/root/proc"
    mount --rbind /dev "$work/root/dev"
    mount -t proc proc "$work/root/proc" 2>/dev/null || mount --rbind /proc "$work/root/proc"
    mount --bind -o ro "$work/config" "$work/root/etc/tocsin"
    mount --bind "$work/data" "$work/root/var/lib/tocsin"
    mount -o remount,bind,ro "$work/root"
    exec env -i TOCSIN_DATA=/var/lib/tocsin TOCSIN_CONFIG=/etc/tocsin/tocsin.toml \
      "$(command -v chroot)" --userspec=65532:65532 "$work/root" /usr/local/bin/tocsin "$@"' _ "$work" "$@"
}

inside version
inside config check
inside replay /etc/tocsin/posts.jsonl --counts /var/lib/tocsin/hours.jsonl
grep -q '"posts":3' "$work/data/hours.jsonl" || { cat "$work/data/hours.jsonl" >&2; exit 1; }
[ "$(stat -c %u "$work/data/hours.jsonl")" = 65532 ]
if inside replay /etc/tocsin/posts.jsonl --counts /etc/hours.jsonl 2>/dev/null; then
  echo "the root file system can be written" >&2
  exit 1
fi
echo "it runs as 65532, in nothing but its own root"
