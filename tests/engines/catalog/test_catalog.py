import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.catalog.catalog import Catalog, default_models_dir
from engines.errors import ManifestInvalid, ModelCorrupt, ModelMissing, ModelRefused, UnknownArtifact, WrongKind
from engines.manifest import Kind

Put = Callable[..., Path]

HEAD = """
[input]
tensor = "x"
colour = "BGR"

[output]
decoder = "nanodet"
classes = { car = 0 }
thresholds = { vehicle = 0.4 }
"""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_present_file_with_the_right_hash(models_dir: Path, put_manifest: Put) -> None:
    put_manifest(sha256=sha256(b"pixels"))
    (models_dir / "mine.bin").write_bytes(b"pixels")
    catalog = Catalog(models_dir)
    assert catalog.path("mine") == models_dir / "mine.bin"
    assert catalog.read("mine") == b"pixels"


def test_a_missing_file_says_how_to_fetch_it(models_dir: Path, put_manifest: Put) -> None:
    put_manifest()
    with pytest.raises(ModelMissing, match=r"mine: .*mine\.bin is missing; run `wayside-engines fetch mine`"):
        Catalog(models_dir).path("mine")


def test_a_file_that_cannot_be_read_is_missing_too(models_dir: Path, put_manifest: Put) -> None:
    put_manifest()
    (models_dir / "mine.bin").mkdir()
    with pytest.raises(ModelMissing, match="unreadable"):
        Catalog(models_dir).path("mine")


def test_a_wrong_hash_names_the_file_both_hashes_and_the_remedy(models_dir: Path, put_manifest: Put) -> None:
    put_manifest(sha256="1" * 64)
    (models_dir / "mine.bin").write_bytes(b"other")
    with pytest.raises(ModelCorrupt, match="run `wayside-engines fetch mine`") as caught:
        Catalog(models_dir).path("mine")
    error = caught.value
    assert (error.file, error.expected, error.got) == (models_dir / "mine.bin", "1" * 64, sha256(b"other"))
    assert error.expected in str(error)
    assert error.got in str(error)


def test_an_unknown_name_lists_the_known_ones(models_dir: Path) -> None:
    with pytest.raises(UnknownArtifact, match=r"nope: no such artifact.*centerface.*nanodet-g-416"):
        Catalog(models_dir).manifest("nope")


def test_a_customers_manifest_joins_the_shipped_ones(models_dir: Path, put_manifest: Put) -> None:
    put_manifest()
    names = [manifest.name for manifest in Catalog(models_dir).manifests()]
    assert "mine" in names
    assert "nanodet-g-416" in names
    assert [manifest.name for manifest in Catalog(models_dir).manifests(Kind.FOOTAGE)] == [
        "bikes",
        "crossing-cyclist",
        "crossing-truck",
        "yard",
    ]


def test_a_network_in_eight_bits_is_a_model_of_its_own_of_the_same_family(models_dir: Path) -> None:
    catalog = Catalog(models_dir)
    whole, seven, eight = (catalog.manifest(f"nanodet-g-416{form}") for form in ("", "-int7", "-int8"))
    assert len({whole.sha256, seven.sha256, eight.sha256}) == len({whole.file, seven.file, eight.file}) == 3
    assert whole.precisions == seven.precisions == eight.precisions == {whole.sha256, seven.sha256, eight.sha256}
    assert (seven.weight_bits, eight.weight_bits, whole.weight_bits) == (7, 8, None)
    (models_dir / seven.file).write_bytes(b"another precision")
    with pytest.raises(ModelCorrupt, match="run `wayside-engines fetch nanodet-g-416-int7`"):
        catalog.path("nanodet-g-416-int7")


def test_a_machine_runs_a_network_in_eight_bits_unless_its_settings_name_it(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    catalog = Catalog(models_dir)
    assert catalog.fitted("nanodet-g-416") == "nanodet-g-416-int8"
    assert catalog.fitted("nanodet-g-416-int7") == "nanodet-g-416-int7"
    assert catalog.fitted("centerface") == "centerface-int8"
    assert catalog.fitted("yunet") == "yunet"
    plans = models_dir / "plans"
    plans.mkdir()
    (plans / "runtime.toml").write_text('[nanodet-g-416]\nbackend = "ort"\n')
    assert Catalog(models_dir).fitted("nanodet-g-416") == "nanodet-g-416"


def test_a_manifest_with_an_unknown_key_stops_the_catalog(models_dir: Path, put_manifest: Put) -> None:
    file = put_manifest()
    file.write_text('colour = "red"\n' + file.read_text())
    with pytest.raises(ManifestInvalid, match=r"mine\.toml: .*colour: Extra inputs"):
        Catalog(models_dir)


def test_a_manifest_may_not_replace_a_shipped_one(models_dir: Path, put_manifest: Put) -> None:
    put_manifest("centerface")
    with pytest.raises(ManifestInvalid, match="already has a centerface"):
        Catalog(models_dir)


def test_only_models_are_run(models_dir: Path, put_manifest: Put) -> None:
    put_manifest(kind="audit")
    with pytest.raises(WrongKind, match="'audit', not a model to run"):
        Catalog(models_dir).load("mine")


def test_the_runtime_sees_only_checked_bytes(models_dir: Path, put_manifest: Put) -> None:
    put_manifest(kind="model", sha256=sha256(b"no model"), more=HEAD)
    (models_dir / "mine.bin").write_bytes(b"tampered")
    with pytest.raises(ModelCorrupt):
        Catalog(models_dir).load("mine")
    (models_dir / "mine.bin").write_bytes(b"no model")
    with pytest.raises(ModelRefused):
        Catalog(models_dir).load("mine")


def test_where_models_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYSIDE_MODELS", "/srv/models")
    assert default_models_dir() == Path("/srv/models")
    monkeypatch.delenv("WAYSIDE_MODELS")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/me")
    assert default_models_dir() == Path("/var/cache/me/wayside/models")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_models_dir() == Path.home() / ".cache/wayside/models"
