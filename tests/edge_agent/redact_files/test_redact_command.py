"""`wayside-edge redact`: which files become which, nothing half-written, nothing raw, and the command itself."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge_agent.__main__ import app
from edge_agent.redact_files import command as commands
from edge_agent.redact_files.command import Summary
from edge_agent.redact_files.errors import RedactRefused
from edge_agent.redact_files.file_policy import read_policy
from edge_agent.redact_files.file_redactor import FileRedactor
from edge_agent.redact_files.job import FileKind, Item, plan
from edge_agent.redact_files.video_file import beside
from edge_agent.redactor import FACES, PEOPLE
from engines.catalog.catalog import Catalog
from provisioning.contracts.config.processes import Policy
from tests.edge_agent.painting import Boxes, Painter, whole
from tests.edge_agent.world import Image, noise, write_video
from tests.support.faces import photo

EXIF = b"\xff\xe1\x00\x1aExif\x00\x00A name and a place"


def _jpeg(path: Path, image: Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = cv2.imencode(".jpg", image)[1].tobytes()
    path.write_bytes(data[:2] + EXIF + data[2:])
    return path


def _files(folder: Path) -> set[str]:
    """Every file, hidden ones too."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _work(source: Path, out: Path, boxes: Boxes = whole) -> Summary:
    painters = iter(lambda: Painter(boxes), None)
    return commands.work(plan(source, out, force=False), FileRedactor(lambda: next(painters)))


def _run(*arguments: object) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "edge_agent", "redact", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "300"})
    return done.returncode, done.stdout, done.stderr


def test_a_folder_keeps_its_names_and_its_folders(tmp_path: Path) -> None:
    for name in ("a.JPEG", "b.png", "sub/c.mov", "sub/d.mp4", "notes.txt", ".hidden.jpg"):
        _jpeg(tmp_path / "in" / name, noise(1))
    items = plan(tmp_path / "in", tmp_path / "out", force=False)
    assert {item.source.name: item.target.relative_to(tmp_path / "out").as_posix() for item in items} == {
        "a.JPEG": "a.JPEG", "b.png": "b.jpg", "c.mov": "sub/c.mp4", "d.mp4": "sub/d.mp4", "notes.txt": "notes.txt"
    }  # fmt: skip
    assert [item.kind for item in items if item.source.name == "notes.txt"] == [FileKind.UNKNOWN]


@pytest.mark.parametrize("out", ["in", "in/redacted", "in/../in/x", "."])
def test_nothing_is_written_into_what_is_read(tmp_path: Path, out: str) -> None:
    _jpeg(tmp_path / "in/in/a.jpg", noise(1))
    with pytest.raises(RedactRefused, match="lies in what is read"):
        plan(tmp_path / "in", tmp_path / out, force=True)


def test_a_file_is_never_its_own_target(tmp_path: Path) -> None:
    picture = _jpeg(tmp_path / "a.jpg", noise(1))
    (tmp_path / "link").symlink_to(tmp_path)
    for out in (picture, tmp_path, tmp_path / "link"):
        with pytest.raises(RedactRefused, match="lies in what is read"):
            plan(picture, out, force=True)


def test_two_files_of_one_target_are_refused(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg"):
        _jpeg(tmp_path / "in" / name, noise(1))
    with pytest.raises(RedactRefused, match=r"both become .*a\.jpg"):
        plan(tmp_path / "in", tmp_path / "out", force=False)


def test_what_is_there_is_overwritten_only_by_force(tmp_path: Path) -> None:
    source = _jpeg(tmp_path / "in/a.jpg", noise(1)).parent
    there = _jpeg(tmp_path / "out/a.jpg", noise(2))
    before = there.read_bytes()
    with pytest.raises(RedactRefused, match="--force"):
        plan(source, tmp_path / "out", force=False)
    assert there.read_bytes() == before
    summary = commands.work(plan(source, tmp_path / "out", force=True), FileRedactor(lambda: Painter(whole)))
    assert summary.exit_code == 0
    assert there.read_bytes() != before


@pytest.mark.parametrize(
    ("source", "out", "expected"),
    [
        ("nowhere", "out", "no such file"),
        ("empty", "out", "no file in this folder"),
        ("one.jpg", "out.png", "written as .jpg"),
        ("one.mov", "out.mov", "written as .mp4"),
        ("full", "one.jpg", "is a file"),
    ],
)
def test_what_cannot_begin_says_why(tmp_path: Path, source: str, out: str, expected: str) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("one.jpg", "one.mov", "full/a.jpg"):
        _jpeg(tmp_path / name, noise(1))
    with pytest.raises(RedactRefused, match=expected):
        plan(tmp_path / source, tmp_path / out, force=False)


def _interrupted(target: Path) -> None:
    with beside(target) as pending:
        pending.write_bytes(b"half")
        raise KeyboardInterrupt


def test_a_target_is_whole_or_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "a.jpg"
    target.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        _interrupted(target)
    assert (_files(tmp_path), target.read_bytes()) == ({"a.jpg"}, b"before")
    with beside(target) as pending:
        pending.write_bytes(b"whole")
        assert target.read_bytes() == b"before"
    assert (_files(tmp_path), target.read_bytes()) == ({"a.jpg"}, b"whole")


def test_what_cannot_be_redacted_is_named_and_not_written(tmp_path: Path) -> None:
    source = tmp_path / "in"
    _jpeg(source / "good.jpg", noise(1))
    _jpeg(source / "leaks.jpg", noise(2))
    (source / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (source / "no-video.mp4").write_bytes(b"nothing")
    (source / "notes.txt").write_text("nothing")
    fails = iter([False, True])  # `leaks` comes after `good`
    redactor = FileRedactor(lambda: Painter(lambda number: None if next(fails) else whole(number)))
    summary = commands.work(plan(source, tmp_path / "out", force=False), redactor)
    assert summary.exit_code == 1
    assert _files(tmp_path / "out") == {"good.jpg"}
    reasons = {left.source.name: left.reason for left in summary.left}
    assert reasons.keys() == {"leaks.jpg", "broken.png", "no-video.mp4", "notes.txt"}
    assert "still found" in reasons["leaks.jpg"]
    shown = summary.as_json()
    assert [Path(one["source"]).name for one in shown["written"]] == ["good.jpg"]
    assert json.loads(json.dumps(shown)) == shown


def test_each_file_is_met_without_memories_of_another(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        _jpeg(tmp_path / "in" / name, noise(1))
    painters: list[Painter] = []

    def fresh() -> Painter:
        painters.append(Painter(whole))
        return painters[-1]

    commands.work(plan(tmp_path / "in", tmp_path / "out", force=False), FileRedactor(fresh))
    assert [len(painter.seen) for painter in painters] == [1, 1]


def test_an_interruption_leaves_no_half_file(tmp_path: Path) -> None:
    _jpeg(tmp_path / "in/a.jpg", noise(1))
    write_video(tmp_path / "in/b.mp4", [noise(n) for n in range(8)])

    def boxes(number: int) -> list[tuple[int, int, int, int]]:
        if number == 5:
            raise KeyboardInterrupt
        return whole(number)

    with pytest.raises(KeyboardInterrupt):
        _work(tmp_path / "in", tmp_path / "out", boxes)
    assert _files(tmp_path / "out") == {"a.jpg"}


def test_sigterm_ends_the_command_like_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def command() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    assert commands.one_line(command)() == commands.INTERRUPTED
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_policy_is_read() -> None:
    given_words = ["face_threshold=0.1", "always_cover=0,0,1,0.1", "always_cover=0,0.9,1,1"]
    policy = read_policy(given_words)
    assert policy == Policy(face_threshold=0.1, always_cover=((0, 0, 1, 0.1), (0, 0.9, 1, 1)))
    assert read_policy([]) == Policy()


@pytest.mark.parametrize(
    "word",
    ["face_threshold=0.3", "face_threshold=0", "face_threshold=NaN", "face_threshold=a", "face_threshold",
     "faces=0.1", "always_cover=0,0,1", "always_cover=0,0,1,2", "always_cover=[]", "person_threshold=1e999"],
)  # fmt: skip
def test_a_policy_that_would_cover_less_is_refused(word: str) -> None:
    with pytest.raises(RedactRefused, match=r"--policy") as refused:
        read_policy([word])
    assert "\n" not in str(refused.value)


@given(st.lists(st.text(max_size=30) | st.sampled_from(sorted(Policy.model_fields)).map(lambda key: f"{key}=0.1")))
def test_any_words_are_a_policy_or_refused(words: list[str]) -> None:
    try:
        policy = read_policy(words)
    except RedactRefused:
        return
    assert policy.face_threshold <= Policy().face_threshold
    assert policy.person_threshold <= Policy().person_threshold


def test_without_models_the_command_is_one_line_and_writes_nothing(tmp_path: Path) -> None:
    picture = _jpeg(tmp_path / "in/a.jpg", noise(1))
    code, out, err = _run(picture, "-o", tmp_path / "out.jpg", "--models", tmp_path / "none")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "wayside-engines fetch" in err
    assert _files(tmp_path) == {"in/a.jpg"}


@pytest.mark.parametrize("arguments", [[], ["-o", "b.jpg", "--evaluate", "labels.json"]])
def test_redact_wants_a_place_or_labels(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["redact", "a.jpg", *arguments])
    assert result.exit_code == 2
    assert "give one of -o and --evaluate" in result.stderr


@pytest.mark.network
def test_a_photograph_is_redacted(catalog: Catalog, tmp_path: Path) -> None:
    image, faces = photo(catalog, "faces-1", 640)
    picture = _jpeg(tmp_path / "in/a.jpg", image)
    code, out, err = _run(
        picture.parent, "-o", tmp_path / "out", "--json", "--models", catalog.models_dir, "--policy",
        "always_cover=0,0.9,1,1",
    )  # fmt: skip
    assert (code, err) == (0, "")
    (written,) = json.loads(out)["written"]
    assert written["models"].keys() == {catalog.fitted(PEOPLE), PEOPLE, catalog.fitted(FACES), "yunet", "clp-det"}
    data = (tmp_path / "out/a.jpg").read_bytes()
    assert b"Exif" in picture.read_bytes()
    assert b"Exif" not in data
    redacted = cv2.imread(str(tmp_path / "out/a.jpg"))
    assert redacted is not None
    assert redacted.shape == image.shape
    for face in faces:
        x, y = round((face.x0 + face.x1) / 2), round((face.y0 + face.y1) / 2)
        assert abs(redacted[y, x].astype(int) - 64).max() < 8
    assert abs(redacted[-5, 5].astype(int) - 64).max() < 8, "the band of the policy"


def test_an_item_of_a_kind_unknown_is_not_opened(tmp_path: Path) -> None:
    item = Item(tmp_path / "absent.txt", tmp_path / "out.txt", FileKind.UNKNOWN)
    (left,) = commands.work([item], FileRedactor(lambda: Painter(whole))).left
    assert "by its name" in left.reason
