"""Holds Kubernetes objects that are not Kubernetes' own against their shapes.

    kubectl kustomize k8s/overlays/prod | python deploy/checks/objects.py

Unknown fields are faults, as are wrong types. What has no shape here is named, so that nothing passes unseen.
"""

import sys

import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as prometheus

SHAPES = {
    "keda.sh/v1alpha1": keda,
    "monitoring.coreos.com/v1": prometheus,
}
# Strimzi publishes no shapes that can be installed: its topics are held against the program's by tests/tests/manifests.rs,
# and pods.py makes topics and user from them, in real brokers.
ELSEWHERE = {"kafka.strimzi.io/v1beta2"}
# Held against their shapes by kubernetes-validate.
OWN = {"v1", "apps/v1", "policy/v1", "networking.k8s.io/v1"}


def unknown(written, read, path=""):
    """What stands in `written` and was not understood: it is missing in `read`."""
    if isinstance(written, dict):
        for key, value in written.items():
            if not isinstance(read, dict) or key not in read:
                yield f"{path}.{key}: unknown"
            else:
                yield from unknown(value, read[key], f"{path}.{key}")
    elif isinstance(written, list):
        for n, value in enumerate(written):
            yield from unknown(value, read[n], f"{path}[{n}]")


def main() -> int:
    faults, held = [], 0
    for thing in yaml.safe_load_all(sys.stdin):
        version, kind = thing["apiVersion"], thing["kind"]
        name = f"{kind} {thing['metadata']['name']}"
        if version in OWN or version in ELSEWHERE:
            continue
        shape = getattr(SHAPES.get(version), kind, None)
        if shape is None:
            faults.append(f"{name}: {version} has no shape here")
            continue
        held += 1
        try:
            read = shape.model_validate(thing).model_dump(by_alias=True, exclude_unset=True, mode="json")
        except ValueError as why:
            faults.append(f"{name}: {why}")
            continue
        faults += [f"{name}: {fault}" for fault in unknown(thing, read)]
    print("\n".join(faults), file=sys.stderr)
    print(f"{held} objects of KEDA and the Prometheus operator, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
