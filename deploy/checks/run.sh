#!/usr/bin/env bash
# Holds deploy/ and k8s/ against the tools that will read them, as far as that goes without a cluster and without a
# container engine. Tools that are missing are installed beside what is built; promtool is Debian's (package prometheus).
#
#   run.sh FOLDER [long]              where tools go: target/manifests; long: with kube-score, too
set -euo pipefail
mkdir -p "$1"
tools=$(cd "$1" && pwd)
is_long=${2:+yes}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$tools/bin:$PATH"

# The parser that docker compose is made of; its program is called `cmd`.
COMPOSE=github.com/compose-spec/compose-go/v2/cmd@v2.16.2
AMTOOL=github.com/prometheus/alertmanager/cmd/amtool@v0.28.1
ACTIONLINT=github.com/rhysd/actionlint/cmd/actionlint@v1.7.7
KUBE_SCORE=github.com/zegl/kube-score/cmd/kube-score@v1.20.0
KUSTOMIZE=sigs.k8s.io/kustomize/kustomize/v5@v5.5.0

install() {
  cmp -s deploy/checks/requirements.txt "$tools/requirements.txt" || {
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check -r deploy/checks/requirements.txt
    cp deploy/checks/requirements.txt "$tools/requirements.txt"
  }
  command -v go >/dev/null || { echo "There is no Go; 1.23 or later is needed: https://go.dev/dl" >&2; return 1; }
  [ -e "$tools/bin/cmd" ] || GOBIN=$tools/bin go install "$COMPOSE"
  [ -e "$tools/bin/amtool" ] || GOBIN=$tools/bin go install "$AMTOOL"
  [ -z "$is_long" ] || [ -e "$tools/bin/kube-score" ] || GOBIN=$tools/bin go install "$KUBE_SCORE"
  [ -e "$tools/bin/actionlint" ] || GOBIN=$tools/bin go install "$ACTIONLINT"
  command -v kubectl >/dev/null || command -v kustomize >/dev/null || GOBIN=$tools/bin go install "$KUSTOMIZE"
}
kustomize_build() {
  if command -v kubectl >/dev/null; then kubectl kustomize "$1"; else kustomize build "$1"; fi
}
say() { echo "-- $*"; }

install
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

say "promtool: config, rules, and what fires when"
promtool check config deploy/prometheus/prometheus.yaml
promtool test rules deploy/prometheus/alerts_test.yaml deploy/prometheus/panels_test.yaml
say "amtool: who is called"
amtool check-config deploy/alertmanager/alertmanager.yaml
route() { amtool config routes test --config.file=deploy/alertmanager/alertmanager.yaml "$@"; }
[ "$(route urgency=now)" = pager ] && [ "$(route urgency=today)" = chat ]

say "what is made is as it would be made now"
python3 deploy/checks/rules.py --check
python3 deploy/grafana/dashboards.py --check
say "sbom: what is in the program, in the form of CycloneDX 1.6"
python3 deploy/checks/sbom.py >"$tools/tocsin.cdx.json"
"$tools/bin/python" deploy/checks/sbom.py --check "$tools/tocsin.cdx.json"
say "actionlint: workflows"
actionlint .github/workflows/*.yaml

say "hadolint: the image"
hadolint deploy/Dockerfile
say "compose: services, and that a missing token is told"
cmd -no-interpolation deploy/compose.yaml >/dev/null
told=$(env -u TOCSIN_TOKEN "$tools/bin/cmd" deploy/compose.yaml 2>&1 || true)
grep -q 'write TOCSIN_TOKEN=' <<<"$told" || { echo "a missing TOCSIN_TOKEN goes unseen" >&2; exit 1; }

for each in base overlays/dev overlays/prod; do
  say "kustomize: k8s/$each"
  built=$objects/$(basename $each).yaml
  kustomize_build "k8s/$each" >"$built"
  # What it has no shape for, objects.py has, or names.
  kubernetes-validate --strict --quiet --no-warn "$built"
  "$tools/bin/python" deploy/checks/objects.py <"$built"
  # Left out, with the reason: the image is called by its version, so a node that has it need not ask again; pods are
  # spread over hosts by topologySpreadConstraints.
  [ -z "$is_long" ] || kube-score score --output-format ci --exit-one-on-warning \
    --ignore-test container-image-pull-policy,deployment-has-host-podantiaffinity "$built" | { grep -v -e '^\[OK\]' -e '^\[SKIPPED\]' || true; }
done
say "checkov: bad habits"
checkov --quiet --compact --skip-download --framework kubernetes --config-file deploy/checks/checkov.yaml -d "$objects" 2>/dev/null
echo "deploy/ and k8s/ are well"
