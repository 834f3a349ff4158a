"""The ZIP: one spelling, names that are safe anywhere, and a reader that nothing surprises."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.evidence.names import MAX_NAME, folder, is_safe, slug
from center.evidence.zip_container import BrokenArchiveError, Reader, Writer

HOSTILE = [
    "../../etc/passwd",
    "a\0b",
    "%2e%2e%2f",
    "<script>alert(1)</script>",
    "CON",
    "站前街",
    "",
    ".",
    "/",
    "-rf",
    "a\nb",
]


def written(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    writer = Writer(target)
    for name, content in files.items():
        writer.add(name, content)
    assert writer.close() == len(target.getvalue())
    return target.getvalue()


@pytest.mark.parametrize("camera", HOSTILE, ids=[f"name{number}" for number in range(len(HOSTILE))])
def test_a_cameras_name_makes_no_path(camera: str) -> None:
    name = f"{folder(7, camera)}/picture.jpg"
    assert is_safe(name)
    assert name.startswith("observations/0007-")
    assert name.count("/") == 2


@given(st.text(max_size=200))
def test_any_text_makes_a_name_that_is_safe_everywhere(text: str) -> None:
    assert is_safe(f"{folder(2000, text)}/metadata.json")
    assert slug(text).isascii()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "../a",
        "a/../b",
        "a//b",
        "a/",
        ".a",
        "a/.b",
        "a\0",
        "a b",
        "a\\b",
        "C:a",
        "a\n",
        "ü",
        "a" * (MAX_NAME + 1),
    ],
    ids=lambda name: f"of{len(name)}-{name.encode().hex()[:12]}",
)
def test_a_name_that_is_not_safe_is_not_written(name: str) -> None:
    with pytest.raises(BrokenArchiveError):
        written({name: b"x"})


def test_a_name_is_not_written_twice() -> None:
    writer = Writer(io.BytesIO())
    writer.add("a", b"1")
    with pytest.raises(BrokenArchiveError, match="twice"):
        writer.add("a", b"2")


files = st.dictionaries(
    st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9.]{1,8})?", fullmatch=True).filter(is_safe),
    st.binary(max_size=300),
    max_size=8,
)


@given(files)
def test_what_is_written_is_read_again_by_us_and_by_pythons_own(content: dict[str, bytes]) -> None:
    data = written(content)
    assert data == written(content)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == content
        assert {info.date_time for info in archive.infolist()} <= {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_takes_it_too(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(written({"a/b.jpg": b"\xff\xd8" * 1000, "c": b""}))
    assert next(iter(Reader.open(path).entries(lambda _name: 10_000)))[1] == b"\xff\xd8" * 1000
    assert subprocess.run(["unzip", "-tqq", path], check=False).returncode == 0


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.zip"
    path.write_bytes(data)
    with pytest.raises(BrokenArchiveError):
        list(Reader.open(path).entries(lambda _name: 1 << 20))


@given(st.data())
def test_nor_do_bytes_that_are_nearly_an_archive(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    good = written({"a/b": b"12345" * 20, "c": b"x", "manifest.json": b"{}"})
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=5))
    path = tmp_path_factory.getbasetemp() / "near.zip"
    path.write_bytes(changed)
    if bytes(changed) == good:
        return
    with pytest.raises(BrokenArchiveError):
        list(Reader.open(path).entries(lambda _name: 1 << 20))


def test_a_file_is_not_kept_in_memory_unless_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(written({"big": b"x" * 5000, "small": b"y"}))
    assert [content for _, content in Reader.open(path).entries(lambda _name: 10)] == [b"", b"y"]
