# Servers as processes: sourced by redis.sh and kafka.sh. A server is a folder; its process id is in the
# file `pid` there. They outlive the shell that started them: whoever starts them stops them.

# The folder as an absolute path; made if it is not there.
folder() {
  mkdir -p "$1" && (cd "$1" && pwd -P)
}

# Starts a command in a folder, away from this terminal: a Ctrl-C here must not reach it. What runs already is left
# as it is.
launch() { # folder, command …
  local dir=$1
  shift
  runs "$dir" && return
  (
    cd "$dir"
    setsid "$@" </dev/null >>log 2>&1 &
    echo $! >pid
  )
}

# Its process is there, and is not another one that was given the same id.
runs() { # folder
  [ -e "$1/pid" ] && [ "$(readlink "/proc/$(cat "$1/pid")/cwd")" = "$1" ]
}

# Its process is there no more, and holds nothing: its working folder goes a moment before its ports do, and a server
# that was started again in between would find them taken. Looked at three times: of a JVM that is just starting, /proc
# says for a moment that it is not there.
has_ended() { # folder
  local process cwd look
  process=/proc/$(cat "$1/pid")
  for look in 1 2 3; do
    if grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "$process/status"; then
      cwd=$(readlink "$process/cwd") && [ "$cwd" != "$1" ] || return 1
    fi
    sleep 0.05
  done
}

# Until a check succeeds; what the server said if it does not in time, or if the server ends before.
wait_for() { # folder, seconds, command …
  local dir=$1 limit=$2 began=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    if has_ended "$dir" || [ $((SECONDS - began)) -ge "$limit" ]; then
      echo "$dir did not get ready in $limit s; the end of its log:" >&2
      tail -n 20 "$dir/log" >&2
      return 1
    fi
    sleep 0.05
  done
}

signal() { # signal, folder
  kill "-$1" "$(cat "$2/pid")"
}

# SIGKILL, and comes back when the process has ended.
kill_now() { # folder
  signal KILL "$1"
  until has_ended "$1"; do sleep 0.02; done
}

# Asks each server to stop; after 20 s it is killed.
stop_all() { # folder …
  local dir began=$SECONDS
  for dir in "$@"; do
    runs "$dir" || continue
    signal TERM "$dir" && signal CONT "$dir"
  done
  for dir in "$@"; do
    [ -e "$dir/pid" ] || continue
    until has_ended "$dir" || [ $((SECONDS - began)) -ge 20 ]; do sleep 0.05; done
    if runs "$dir"; then kill_now "$dir"; fi
    rm -f "$dir/pid"
  done
}

# A certificate authority and what it signed: ca.pem; server and client, each .crt and .key; server.pem (key and
# chain in one). stranger.pem is an authority that signed nothing: for whoever must be refused. CERTIFICATE_NAMES is what
# the servers are called beside localhost.
certificates() { # folder
  [ -e "$1/server.pem" ] && return
  mkdir -p "$1"
  (
    cd "$1"
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
    for ca in ca stranger; do
      openssl req -x509 "${key[@]}" -days 30 -subj "/CN=$ca" -keyout $ca.key -out $ca.pem \
        -addext basicConstraints=critical,CA:TRUE
    done
    for who in server client; do
      openssl req "${key[@]}" -subj "/CN=$who" -keyout $who.key -out $who.csr
      openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out $who.crt \
        -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' \
          "DNS:localhost,IP:127.0.0.1${CERTIFICATE_NAMES:+,$CERTIFICATE_NAMES}")
    done
    cat server.key server.crt ca.pem >server.pem
  ) 2>/dev/null
}
