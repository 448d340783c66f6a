#!/usr/bin/env bash
# Real Redis 7 servers for tests, on 127.0.0.1. A server is DIR/PORT: its config, log, data.
#
#   redis.sh start DIR PORT           one server; every write is in its append-only file, synced each second
#   redis.sh cluster DIR PORT         six: primaries on PORT..PORT+2, replicas on PORT+3..PORT+5; among themselves they
#                                     talk on PORT+6..PORT+11
#   redis.sh sentinel DIR PORT        a primary `tocsin` on PORT, a replica on PORT+1, a sentinel on PORT+2
#   redis.sh secure DIR PORT          one server, TLS only; users `app` and `guest` (may only read), passwords
#                                     app-secret and guest-secret; certificates in DIR/tls
#   redis.sh cluster-secure DIR PORT  both: six that speak TLS only, also among themselves
#   redis.sh stop DIR                 all of DIR
#   redis.sh kill|pause|resume DIR PORT
#   redis.sh restart DIR PORT         a killed one again, on its data
#   redis.sh cut DIR PORT SECONDS     a killed one forgets its last SECONDS
#   redis.sh cli DIR PORT ARGS…
#
# A primary that dies ahead of its replica: kill the replica, write, kill the primary, restart the replica. (A paused one
# still has what lies in its socket.)
# MAXMEMORY_POLICY (noeviction) is that of new servers. REDIS_EXTRA: more lines for their config. REDIS_HOST: an
# address at which they listen beside 127.0.0.1, and that the servers of a cluster give out. CERTIFICATE_NAMES: see
# kafka.sh.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/processes.sh"

configure() { # DIR, PORT, lines …
  local dir=$1/$2
  mkdir -p "$dir"
  cat >"$dir/redis.conf" <<CONF
bind 127.0.0.1 ${REDIS_HOST:-}
protected-mode no
port $2
dir $dir
save ""
appendonly yes
appendfsync everysec
aof-timestamp-enabled yes
maxmemory 1gb
maxmemory-policy ${MAXMEMORY_POLICY:-noeviction}
CONF
  printf '%s\n' "${@:3}" "${REDIS_EXTRA:-}" >>"$dir/redis.conf"
}

cli() { # DIR, PORT, arguments …
  local secure=()
  if grep -q ^tls-port "$1/$2/redis.conf"; then
    secure=(--tls --cacert "$1/tls/ca.pem" --user app --pass app-secret --no-auth-warning)
  fi
  redis-cli -h 127.0.0.1 -p "$2" "${secure[@]}" "${@:3}"
}

# PONG comes when the append-only file is read.
answers() { [ "$(cli "$@" ping)" = PONG ]; }

run() { # DIR, PORT
  launch "$1/$2" redis-server "$1/$2/redis.conf" "${@:3}"
  wait_for "$1/$2" 30 answers "$1" "$2"
}

# Every node sees all slots served, and three replicas that follow.
is_whole() { # DIR, PORT
  cli "$@" cluster info | grep -q cluster_state:ok &&
    [ "$(cli "$@" cluster nodes | grep -c 'slave[ ,]')" = 3 ] &&
    ! cli "$@" info replication | grep -q master_link_status:down
}

cluster() { # DIR, PORT, lines …
  local port ports=() fresh=yes host=${REDIS_HOST:-127.0.0.1}
  for port in $(seq "$2" $(($2 + 5))); do
    ports+=("$host:$port")
    [ -e "$1/$port/nodes.conf" ] && fresh=no
    configure "$1" "$port" 'cluster-enabled yes' "cluster-port $((port + 6))" \
      'cluster-config-file nodes.conf' 'cluster-node-timeout 2000' \
      'cluster-replica-validity-factor 0' 'cluster-allow-replica-migration no' 'repl-diskless-sync-delay 0' \
      "cluster-announce-ip $host" "${@:3}"
    only_tls "$1" "$port"
    run "$1" "$port"
  done
  if [ $fresh = yes ]; then
    cli "$1" "$2" --cluster create "${ports[@]}" --cluster-replicas 1 --cluster-yes >"$1/create.log"
  fi
  for port in "${ports[@]}"; do wait_for "$1/${port#*:}" 30 is_whole "$1" "${port#*:}"; done
}

sentinel() { # DIR, PORT
  configure "$1" "$2" && run "$1" "$2"
  configure "$1" $(($2 + 1)) "replicaof 127.0.0.1 $2" 'repl-diskless-sync-delay 0' && run "$1" $(($2 + 1))
  mkdir -p "$1/$(($2 + 2))"
  cat >"$1/$(($2 + 2))/redis.conf" <<CONF
bind 127.0.0.1
port $(($2 + 2))
dir $1/$(($2 + 2))
sentinel monitor tocsin 127.0.0.1 $2 1
sentinel down-after-milliseconds tocsin 1000
sentinel failover-timeout tocsin 5000
CONF
  run "$1" $(($2 + 2)) --sentinel
}

# What a server has that speaks TLS only, into `secured`.
secured_in() { # DIR
  certificates "$1/tls"
  secured=('tls-auth-clients no' "tls-ca-cert-file $1/tls/ca.pem"
    "tls-cert-file $1/tls/server.crt" "tls-key-file $1/tls/server.key"
    'user default off' 'user app on >app-secret ~* &* +@all' 'user guest on >guest-secret ~* +@read +@connection')
}

only_tls() { # DIR, PORT: the port becomes that of TLS, if the server has certificates
  if grep -q ^tls-cert-file "$1/$2/redis.conf"; then sed -i 's/^port \(.*\)/port 0\ntls-port \1/' "$1/$2/redis.conf"; fi
}

secure() { # DIR, PORT
  secured_in "$1"
  configure "$1" "$2" "${secured[@]}"
  only_tls "$1" "$2"
  run "$1" "$2"
}

cluster-secure() { # DIR, PORT
  secured_in "$1"
  cluster "$1" "$2" "${secured[@]}" 'tls-cluster yes' 'tls-replication yes' 'masteruser app' 'masterauth app-secret'
}

# The append-only file has the time of each second in it. What is behind it goes.
cut_tail() { # DIR, PORT, seconds
  local file times
  file=$(ls "$1/$2"/appendonlydir/*.incr.aof | sort -V | tail -n 1)
  times=($(grep -a '^#TS:' "$file" | tr -dc '0-9\n')) || return 0 # nothing was written
  local until=$((times[-1] - $3))
  if [ "$until" -lt "${times[0]}" ]; then
    : >"$file"
  else
    redis-check-aof --truncate-to-timestamp "$until" "$file" >>"$1/$2/log"
  fi
}

[ $# -ge 2 ] || { sed -n '2,/^set/{/^#/s/^# \?//p}' "$0"; exit 2; }
dir=$(folder "$2")
case "$1" in
start) configure "$dir" "$3" && run "$dir" "$3" ;;
cluster | sentinel | secure | cluster-secure) "$1" "$dir" "$3" ;;
stop) stop_all "$dir"/[0-9]* ;;
kill) kill_now "$dir/$3" ;;
pause) signal STOP "$dir/$3" ;;
resume) signal CONT "$dir/$3" ;;
restart) run "$dir" "$3" ;;
cut) cut_tail "$dir" "$3" "$4" ;;
cli) cli "$dir" "${@:3}" ;;
*) echo "redis.sh: no verb $1" >&2; exit 2 ;;
esac
