"""What is in the program, as CycloneDX 1.6: every crate that is linked in, with version, licence, origin and checksum.

    python deploy/checks/sbom.py > target/tocsin.cdx.json
    python deploy/checks/sbom.py --check target/tocsin.cdx.json      holds it against CycloneDX's own schema

Made from `cargo metadata` and Cargo.lock alone, so the same sources give the same list.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def graph():
    command = [
        "cargo",
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    uses = {
        node["id"]: [
            dependency["pkg"]
            for dependency in node["deps"]
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"])
        ]
        for node in metadata["resolve"]["nodes"]
    }
    return packages, uses


def reached(uses, root):
    found, waiting = set(), [root]
    while waiting:
        package = waiting.pop()
        if package not in found:
            found.add(package)
            waiting += uses[package]
    return found


def checksums():
    entries = (ROOT / "Cargo.lock").read_text().split("[[package]]")[1:]

    def field(entry, name):
        found = re.search(rf'^{name} = "(.*)"$', entry, re.MULTILINE)
        return found and found[1]

    return {(field(entry, "name"), field(entry, "version")): field(entry, "checksum") for entry in entries}


def component(package, checksum):
    purl = f"pkg:cargo/{package['name']}@{package['version']}"
    made = {"type": "library", "bom-ref": purl, "name": package["name"], "version": package["version"], "purl": purl}
    if package.get("description"):
        made["description"] = " ".join(package["description"].split())
    if package.get("license"):
        # Some still write MIT/Apache-2.0 for `OR`.
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package.get("repository"):
        made["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return made


def check(path):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = pathlib.Path(path).read_text()
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault:
        sys.exit(f"{path}: {fault}")
    print(f"{len(json.loads(text)['components'])} crates")


def main():
    if sys.argv[1:2] == ["--check"]:
        return check(sys.argv[2])
    packages, uses = graph()
    root = next(id for id, package in packages.items() if package["name"] == "tocsin")
    sums = checksums()
    parts = {
        id: component(packages[id], sums.get((packages[id]["name"], packages[id]["version"])))
        for id in reached(uses, root)
    }
    main_part = {**parts.pop(root), "type": "application"}
    refs = {id: part["bom-ref"] for id, part in [*parts.items(), (root, main_part)]}
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": main_part},
        "components": sorted(parts.values(), key=lambda part: part["bom-ref"]),
        "dependencies": sorted(
            ({"ref": ref, "dependsOn": sorted({refs[used] for used in uses[id]})} for id, ref in refs.items()),
            key=lambda entry: entry["ref"],
        ),
    }
    json.dump(bom, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
