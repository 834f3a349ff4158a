"""A saved image is read without a container, for its bill of materials; the chart is packed as Helm packs it."""

import hashlib
import io
import json
import tarfile
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from helm_python import chart as helm

from provisioning.errors import ReleaseError
from provisioning.release import artifacts, bill, licences
from provisioning.release.chart import CHART, pack_chart, require_version
from provisioning.release.container_images import image_named, require_podman
from provisioning.release.image_contents import read_image, write_plain
from tests.support.clones import ROOT

SITE = "opt/wayside/lib/python3.13/site-packages"
LAYER = {
    "var/lib/dpkg/status.d/libc6": "Package: libc6\nVersion: 2.41-12\nArchitecture: amd64\nDescription: C\n library\n",
    f"{SITE}/wayside-0.1.0.dist-info/METADATA": "Name: wayside\nVersion: 0.1.0\nLicense-Expression: Apache-2.0\n",
    f"{SITE}/Gamma_Ray-1.0.dist-info/METADATA": "Name: Gamma_Ray\nVersion: 1.0\nLicense-Expression: MIT\n",
    f"{SITE}/gamma/vendored-2.dist-info/METADATA": "Name: vendored\nVersion: 2\n",
}
CONFIGURATION = json.dumps({"config": {"Hostname": "", "User": "10001"}, "os": "linux"}, separators=(",", ":"))


def saved(folder: Path, *layers: Mapping[str, str], built_in: str = "") -> Path:
    """Writes what podman saves: layers, each an archive, the configuration, and the list of both.

    `built_in`: the container that podman built the image in.
    """
    parts = {
        f"{number}.tar": _tar({name: text.encode() for name, text in each.items()})
        for number, each in enumerate(layers)
    }
    listed = [{"Config": "c.json", "RepoTags": ["localhost/wayside-edge:0.1.0"], "Layers": list(parts)}]
    configuration = json.loads(CONFIGURATION)
    if built_in:
        configuration |= {"container": built_in, "container_config": {"Hostname": built_in}}
        configuration["config"]["Hostname"] = built_in
        parts[f"{built_in}/json"] = built_in.encode()
    content = json.dumps(configuration, separators=(",", ":")).encode()
    parts |= {"c.json": content, "manifest.json": json.dumps(listed).encode()}
    file = folder / "image.tar"
    file.write_bytes(_tar(parts))
    return file


def _tar(files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def test_the_bill_of_an_image_names_what_lies_in_its_layers(tmp_path: Path) -> None:
    contents = read_image(saved(tmp_path, LAYER, {"opt/wayside/models/yunet.onnx": "weights"}))
    assert contents.image_id == hashlib.sha256(CONFIGURATION.encode()).hexdigest()
    assert contents.models == {"yunet.onnx": hashlib.sha256(b"weights").hexdigest()}
    assert [package.name for package in contents.packages] == ["gamma-ray", "wayside"]

    found = {package.name: licences.licence_of(package) for package in contents.packages}
    models = artifacts.models(["yunet"])
    day = datetime(2026, 11, 29, 12, tzinfo=UTC)
    text = bill.render_image("wayside-edge", "0.1.0", contents, found, models, day)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert text == bill.render_image("wayside-edge", "0.1.0", contents, found, models, day)
    written = json.loads(text)
    assert written["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": contents.image_id}]
    assert {each["purl"] for each in written["components"] if each["type"] == "library"} == {
        "pkg:deb/debian/libc6@2.41-12?arch=amd64", "pkg:generic/wayside@0.1.0", "pkg:pypi/gamma-ray@1.0",
    }  # fmt: skip
    assert "yunet" in {each["name"] for each in written["components"]}


def test_a_saved_image_is_written_without_the_container_that_podman_built_it_in(tmp_path: Path) -> None:
    written = []
    for name in ("2d31b6da606e", "b165d2324b2b"):
        (tmp_path / name).mkdir()
        write_plain(saved(tmp_path / name, LAYER, built_in=name), tmp_path / name / "plain.tar")
        written.append((tmp_path / name / "plain.tar").read_bytes())
    assert written[0] == written[1]
    contents = read_image(tmp_path / "2d31b6da606e/plain.tar")
    assert contents.image_id == hashlib.sha256(CONFIGURATION.encode()).hexdigest()
    assert [package.name for package in contents.packages] == ["gamma-ray", "wayside"]


def test_what_is_no_image_of_ours_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReleaseError, match="does not say what it holds: build the image by make images"):
        read_image(saved(tmp_path, {"etc/passwd": "root"}))
    (tmp_path / "image.tar").write_bytes(b"no archive")
    with pytest.raises(ReleaseError, match="is no saved image that can be read"):
        read_image(tmp_path / "image.tar")
    with pytest.raises(ReleaseError, match="--image cabinet: images are edge, center"):
        image_named("cabinet")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReleaseError, match="podman is not installed, which builds images: apt-get install podman"):
        require_podman()


def test_the_chart_is_packed_the_same_bytes_twice_and_helm_reads_it(tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    require_version(ROOT, version)
    with pytest.raises(ReleaseError, match=r"Chart\.yaml has version .*: set 9\.9\.9, as in pyproject\.toml"):
        require_version(ROOT, "9.9.9")
    packed = pack_chart(ROOT, version, tmp_path)
    content = packed.read_bytes()
    assert packed.name == f"wayside-{version}.tgz"
    assert helm.Chart.load(packed).render({}, name="w") == helm.Chart.load(ROOT / CHART).render({}, name="w")
    packed.unlink()
    assert pack_chart(ROOT, version, tmp_path).read_bytes() == content
