import tomllib
from contextlib import suppress
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engines.errors import ManifestInvalid
from engines.manifest import MAX_MANIFEST_BYTES, Input, Kind, Manifest, parse

GOOD = f"""
name = "mine"
kind = "model"
file = "mine.onnx"
sha256 = "{"a" * 64}"
licence = "MIT"

[source]
ecosystem = "file"

[input]
tensor = "images"
colour = "RGB"
width = 640
height = 640

[output]
decoder = "nanodet"
classes = {{ car = 2, person = 0 }}
thresholds = {{ vehicle = 0.4, person = 0.25 }}
"""


SIGNS_OF_TIMES = set("0123456789-/.:： 年月日星期周一二三四五六天上午下AMP") | set("MonTueWedThuFriSatSun")
"""All that a recogniser may know: digits, separators, and what dates, weekdays and halves of days are written with."""


def test_a_pass_needs_the_trained_size_beside_it() -> None:
    with pytest.raises(ValidationError, match="pixels need the size at which the model finds what is large"):
        Input(tensor="x", colour="BGR", pixels=520_000)


def test_a_manifest_of_a_customer() -> None:
    manifest = parse(GOOD.encode(), "here")
    assert (manifest.name, manifest.kind, manifest.source.ecosystem) == ("mine", Kind.MODEL, "file")
    assert manifest.input is not None
    assert manifest.input.std == (1, 1, 1)
    assert manifest.output is not None
    assert list(manifest.output.classes) == ["car", "person"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('licence = "MIT"', 'licence = "MIT"\ncolour = "red"', "colour: Extra inputs"),
        ('ecosystem = "file"', 'ecosystem = "file"\nurl = "x"', "source.url: Extra inputs"),
        ('ecosystem = "file"', 'ecosystem = "npm"', "needs package, version and members"),
        (
            'ecosystem = "file"',
            'ecosystem = "pypi"\npackage = "--index"\nversion = "1"\nmembers = ["a"]',
            "source.package",
        ),
        (
            'ecosystem = "file"',
            'ecosystem = "pypi"\npackage = "a"\nversion = "1 -e x"\nmembers = ["a"]',
            "source.version",
        ),
        ('name = "mine"', 'name = "../mine"', "name: String should match"),
        ('file = "mine.onnx"', 'file = "../../mine.onnx"', "file: String should match"),
        ('file = "mine.onnx"', 'file = ".hidden"', "file: String should match"),
        ('sha256 = "a', 'sha256 = "A', "sha256"),
        ("classes = { car = 2, ", "classes = { age = 2, ", "output.classes"),
        ("person = 0.25", "person = 1.5", "thresholds.person"),
        ("person = 0.25", "gender = 0.25", "thresholds"),
        ("height = 640", "", "width and height, or neither"),
        ('kind = "model"', 'kind = "audit"', "never run"),
        ('kind = "model"', 'kind = "weights"', "kind"),
        ("[input]", "[input", "not TOML"),
    ],
)
def test_a_manifest_that_is_wrong_says_where(old: str, new: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(ManifestInvalid, match=reason) as caught:
        parse(GOOD.replace(old, new).encode(), "mine.toml")
    assert str(caught.value).startswith("mine.toml: ")
    assert "\n" not in str(caught.value)


def test_a_model_without_its_head_is_refused() -> None:
    with pytest.raises(ManifestInvalid, match=r"a model needs \[input\], and one of \[output\]"):
        parse(GOOD[: GOOD.index("[input]")].encode(), "mine.toml")


EMBEDDING = f"""
[embedding]
output = "feature"
features = 1280
dimensions = 256
seed = 1
projection_sha256 = "{"b" * 64}"
"""


def test_a_model_has_one_head() -> None:
    manifest = parse((GOOD[: GOOD.index("[output]")] + EMBEDDING).encode(), "mine.toml")
    assert manifest.embedding is not None
    assert manifest.output is None
    with pytest.raises(ManifestInvalid, match="a model needs"):
        parse((GOOD + EMBEDDING).encode(), "mine.toml")


def test_a_manifest_is_bounded() -> None:
    with pytest.raises(ManifestInvalid, match="larger than"):
        parse(b"#" * (MAX_MANIFEST_BYTES + 1), "mine.toml")


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_foreign_bytes_give_a_manifest_or_a_typed_error(text: bytes) -> None:
    with pytest.raises(ManifestInvalid):  # nothing that short and random is one
        parse(text, "here")


@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.text(max_size=20))
def test_a_damaged_manifest_gives_a_manifest_or_a_typed_error(start: int, length: int, patch: str) -> None:
    with suppress(ManifestInvalid):
        assert isinstance(parse((GOOD[:start] + patch + GOOD[start + length :]).encode(), "here"), Manifest)


def test_every_shipped_manifest_is_pinned_and_named_like_its_file() -> None:
    folder = resources.files("engines") / "manifests"
    files = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    assert len(files) >= 4
    for file in files:
        manifest = parse(file.read_bytes(), file.name)
        assert file.name == f"{manifest.name}.toml"
        assert manifest.source.ecosystem in {"npm", "pypi", "pypi-source"}
        assert manifest.source.version is not None
        is_recognition = any("recogn" in member or "_rec" in member for member in manifest.source.members)
        assert is_recognition == (manifest.reading is not None)
        assert manifest.reading is None or set(manifest.reading.signs) <= SIGNS_OF_TIMES
        assert tomllib.loads(file.read_text())["licence"]
