"""Reads tocsin's signals and incidents from Kafka: what a team downstream needs, and no more.

    pip install confluent-kafka
    python examples/consumer.py --brokers 127.0.0.1:9092
    python examples/consumer.py --brokers 127.0.0.1:9092 --once      ends when nothing more comes

Three rules make it right. Read what is committed only: what a failed process left behind is then never seen. Heed ids:
after a failure a record may come again under its id. Ignore what you do not know: a new field may come with any version
of tocsin, and what one means never changes; only another `v` is another shape.

Topics, keys and headers: docs/asyncapi.yaml. Shapes: docs/schemas/signal-v1.json and docs/schemas/incident-v1.json.
"""

import argparse
import collections
import json
import sys

from confluent_kafka import Consumer, KafkaException

# So many ids are remembered; what comes again comes soon.
IDS_MAX = 10_000
# Seconds without a record after which --once has read everything.
QUIET = 5.0


def subject(whole):
    ((kind, name),) = whole["subject"].items()
    return f"{kind} {name}"


def signal(it):
    if it["state"] == "cleared":
        return f"{it['at']}  {subject(it)}: {it['kind']} is over"
    evidence = it["evidence"]
    return (
        f"{it['at']}  {subject(it)}: {it['kind']} {it['severity']}; "
        f"{evidence['observed']} posts in {evidence['window_minutes']} min, {evidence['expected']:.1f} expected"
    )


def incident(it):
    kinds = ", ".join(kind["kind"] for kind in it["kinds"])
    return f"{it['opened_at']}  incident of {subject(it)}: {it['severity']}, version {it['version']} ({kinds})"


TELL = {"tocsin.signal.v1": signal, "tocsin.incident.v1": incident}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--brokers", required=True, help="host:port of some brokers")
    parser.add_argument("--prefix", default="tocsin.", help="[kafka] prefix of tocsin's config")
    parser.add_argument("--group", default="example", help="whose positions are remembered")
    parser.add_argument("--once", action="store_true", help="end when nothing more comes")
    typed = parser.parse_args()

    consumer = Consumer(
        {
            "bootstrap.servers": typed.brokers,
            "group.id": typed.group,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([f"{typed.prefix}signals", f"{typed.prefix}incidents"])
    seen, told, quiet = collections.OrderedDict(), collections.Counter(), 0.0
    try:
        while not (typed.once and quiet >= QUIET and told):
            record = consumer.poll(0.5)
            if record is None:
                quiet += 0.5
                if typed.once and quiet >= 6 * QUIET:
                    break
                continue
            if record.error():
                raise KafkaException(record.error())
            quiet = 0.0
            headers = {name: value.decode() for name, value in record.headers() or ()}
            kind, name = headers["ce_type"], headers["ce_id"]
            if kind not in TELL or (kind, name) in seen:
                continue
            seen[kind, name] = None
            if len(seen) > IDS_MAX:
                seen.popitem(last=False)
            told[kind] += 1
            print(TELL[kind](json.loads(record.value())), flush=True)
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()
    for kind, count in sorted(told.items()):
        print(f"{count} of {kind}", file=sys.stderr)


if __name__ == "__main__":
    main()
