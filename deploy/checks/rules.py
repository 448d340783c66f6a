"""The PrometheusRule of k8s/, made from the rule files of deploy/prometheus: one list, two forms.

python deploy/checks/rules.py            writes k8s/components/prometheus-operator/rules.yaml
python deploy/checks/rules.py --check    says whether it is as it would be written
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MADE = ROOT / "k8s/components/prometheus-operator/rules.yaml"

HEAD = """\
# Made by deploy/checks/rules.py from deploy/prometheus/recording.yaml and alerts.yaml: change those.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: tocsin
  namespace: tocsin
spec:
  groups:
"""


def rules() -> str:
    """Both files' groups, as they are written, comments included."""
    text = HEAD
    for name in ("recording.yaml", "alerts.yaml"):
        groups = (ROOT / "deploy/prometheus" / name).read_text().split("\ngroups:\n", 1)[1]
        text += "".join(f"  {line}".rstrip() + "\n" for line in groups.splitlines())
    return text


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if MADE.read_text() != rules():
            sys.exit(f"{MADE.relative_to(ROOT)} is not as its sources: run python deploy/checks/rules.py")
    else:
        MADE.write_text(rules())
