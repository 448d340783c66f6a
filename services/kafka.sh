#!/usr/bin/env bash
# Real Apache Kafka 4 brokers for tests, on 127.0.0.1. Broker N (1, 2, 3) is DIR/N: its config, log, data.
#
#   kafka.sh fetch                    the jars, once for all; needs Java 17, Maven and a way to Maven Central
#   kafka.sh start DIR PORT           one broker, plain on PORT; its controller on PORT+10
#   kafka.sh start3 DIR PORT          three on PORT..PORT+2; a record is in with two of them
#   kafka.sh stop DIR                 all of DIR
#   kafka.sh kill|pause|resume DIR N
#   kafka.sh restart DIR N            a killed one again, on its data
#   kafka.sh cli TOOL ARGS…           topics, configs, groups, acls, produce, consume, transactions, perf
#
# With KAFKA_SECURE=1 each broker also listens with TLS and a password (SCRAM or PLAIN) on PORT+20+i and with
# TLS and a client certificate on PORT+30+i, i from 0. Users: `app`, who may do all, and `guest`, who may do
# nothing; passwords app-secret and guest-secret; certificates in DIR/tls. Topics are never made by themselves.
# KAFKA_HEAP (384m): memory of a broker. KAFKA_EXTRA: more lines for its config. KAFKA_HOST (127.0.0.1): where it
# listens to clients. CERTIFICATE_NAMES: further names of the servers, as openssl has them (DNS:…,IP:…).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/processes.sh"
version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$here/kafka-jars.xml")
jars=${XDG_CACHE_HOME:-$HOME/.cache}/tocsin/kafka-$version

fetch() {
  [ -e "$jars" ] && return
  mkdir -p "${jars%/*}"
  local making
  making=$(mktemp -d "$jars.XXXX")
  cp "$here/kafka-jars.xml" "$making/pom.xml"
  (cd "$making" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$making") >&2
  mv -T "$making" "$jars" 2>/dev/null || rm -rf "$making" # somebody else was faster
}

# The words of a command that starts quickly and stays small, into `java`. It logs as the folder says.
java_in() { # folder, memory, class, arguments …
  java=(java "-Xmx$2" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.net.preferIPv4Stack=true
    -cp "$1:$jars/*" "${@:3}")
}

configure() { # DIR, PORT, how many, N
  local dir=$1 port=$2 count=$3 i=$(($4 - 1)) n voters='' secure=''
  for ((n = 0; n < count; n++)); do voters+=,$((n + 1))@127.0.0.1:$((port + 10 + n)); done
  local host=${KAFKA_HOST:-127.0.0.1} controller=CONTROLLER://127.0.0.1:$((port + 10 + i))
  local listeners=PLAIN://$host:$((port + i))
  if [ -n "${KAFKA_SECURE:-}" ]; then
    listeners+=,PASSWORD://$host:$((port + 20 + i)),CERTIFICATE://$host:$((port + 30 + i))
    secure=$(secure_lines "$dir")
  fi
  mkdir -p "$dir/$4"
  cat >"$dir/$4/log4j2.properties" <<CONF
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
CONF
  cat >"$dir/$4/server.properties" <<CONF
process.roles=broker,controller
node.id=$4
controller.quorum.voters=${voters#,}
controller.listener.names=CONTROLLER
listeners=$listeners,$controller
advertised.listeners=$listeners
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAIN:PLAINTEXT,PASSWORD:SASL_SSL,CERTIFICATE:SSL
inter.broker.listener.name=PLAIN
log.dirs=$dir/$4/data
default.replication.factor=$count
min.insync.replicas=$((count > 1 ? 2 : 1))
offsets.topic.replication.factor=$count
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$count
transaction.state.log.min.isr=$((count > 1 ? 2 : 1))
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=$count
share.coordinator.state.topic.min.isr=1
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=$((count > 1 ? 3000 : 6000))
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
background.threads=2
$secure
${KAFKA_EXTRA:-}
CONF
}

secure_lines() { # DIR
  local module=org.apache.kafka.common.security
  cat <<CONF
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.password.scram-sha-256.sasl.jaas.config=$module.scram.ScramLoginModule required;
listener.name.password.scram-sha-512.sasl.jaas.config=$module.scram.ScramLoginModule required;
listener.name.password.plain.sasl.jaas.config=$module.plain.PlainLoginModule required user_app="app-secret" user_guest="guest-secret";
ssl.keystore.type=PEM
ssl.keystore.location=$1/tls/server.pem
ssl.truststore.type=PEM
ssl.truststore.location=$1/tls/ca.pem
listener.name.certificate.ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:app;User:CN=client
CONF
}

format() { # DIR, N
  [ -e "$1/$2/data/meta.properties" ] && return
  local users=() user mechanism
  if [ -n "${KAFKA_SECURE:-}" ]; then
    for user in app guest; do
      for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
        users+=(--add-scram "$mechanism=[name=$user,password=$user-secret]")
      done
    done
  fi
  java_in "$1/$2" 128m kafka.tools.StorageTool format -t dG9jc2luLWZvci10ZXN0cw \
    -c "$1/$2/server.properties" "${users[@]}"
  "${java[@]}" >>"$1/$2/log" 2>&1 || { tail "$1/$2/log" >&2; return 1; }
}

# The broker is registered and serves; its port is open before.
is_ready() { grep -q 'Kafka Server started' "$1/log"; }

run() { # DIR, N …
  local dir=$1 n
  shift
  for n; do
    runs "$dir/$n" || : >"$dir/$n/log"
    java_in "$dir/$n" "${KAFKA_HEAP:-384m}" kafka.Kafka "$dir/$n/server.properties"
    launch "$dir/$n" "${java[@]}"
  done
  for n; do wait_for "$dir/$n" 120 is_ready "$dir/$n"; done
}

start() { # DIR, PORT, how many
  local n formats=()
  fetch
  if [ -n "${KAFKA_SECURE:-}" ]; then certificates "$1/tls"; fi
  for n in $(seq "$3"); do
    configure "$1" "$2" "$3" "$n"
    format "$1" "$n" &
    formats+=($!)
  done
  for n in "${formats[@]}"; do wait "$n"; done
  run "$1" $(seq "$3")
}

cli() { # tool, arguments …
  local class
  case "$1" in
  topics) class=org.apache.kafka.tools.TopicCommand ;;
  configs) class=kafka.admin.ConfigCommand ;;
  groups) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
  acls) class=org.apache.kafka.tools.AclCommand ;;
  produce) class=org.apache.kafka.tools.ConsoleProducer ;;
  consume) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
  transactions) class=org.apache.kafka.tools.TransactionsCommand ;;
  perf) class=org.apache.kafka.tools.ProducerPerformance ;;
  *) echo "kafka.sh: no tool $1" >&2 && exit 2 ;;
  esac
  fetch
  java_in "$jars" 128m "$class" "${@:2}"
  exec "${java[@]}"
}

[ $# -ge 1 ] || { sed -n '2,/^set/{/^#/s/^# \?//p}' "$0"; exit 2; }
if [ "$1" != fetch ] && [ "$1" != cli ]; then dir=$(folder "$2"); fi
case "$1" in
fetch) fetch ;;
start) start "$dir" "$3" 1 ;;
start3) start "$dir" "$3" 3 ;;
stop) stop_all "$dir"/[0-9]* ;;
kill) kill_now "$dir/$3" ;;
pause) signal STOP "$dir/$3" ;;
resume) signal CONT "$dir/$3" ;;
restart) run "$dir" "$3" ;;
cli) cli "${@:2}" ;;
*) echo "kafka.sh: no verb $1" >&2; exit 2 ;;
esac
