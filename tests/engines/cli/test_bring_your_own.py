"""Bringing a detector of one's own: a first manifest read off the file, and a look at what it finds."""

import json
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner, Result

from engines.cli.main import app
from engines.manifest import parse
from tests.support.square_nets import NETS, SquareNet, street

YOLOX, DECODED, DETR, SOFTMAX, DFINE, PLUS, RTMDET = NETS[1:]


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("net", [YOLOX, DETR, SOFTMAX, DFINE, PLUS, RTMDET], ids=lambda net: net.name)
def test_a_drafted_manifest_is_read_and_its_detector_works(net: SquareNet, models_dir: Path) -> None:
    net.put(models_dir)
    manifest = models_dir / f"{net.name}.toml"
    wanted = parse(manifest.read_bytes(), "wanted")
    drafted = run("draft", models_dir / f"{net.name}.onnx")
    assert drafted.exit_code == 0, drafted.stderr
    found = parse(drafted.stdout.encode(), "drafted")
    assert found.output is not None
    assert wanted.output is not None
    assert (found.output.decoder, found.output.decoded) == (wanted.output.decoder, wanted.output.decoded)
    assert found.output.tensors.items() >= wanted.output.tensors.items()
    assert found.output.classes.items() >= wanted.output.classes.items()
    manifest.write_text(drafted.stdout)
    picture = models_dir / "street.png"
    cv2.imwrite(str(picture), street((100, 60, 220, 200), (640, 360)))
    checked = run("check", net.name, picture, "--models-dir", models_dir)
    assert checked.exit_code == 0, checked.stderr
    assert "in images: float32 any x 3 x 128 x 192" in checked.stdout
    if net != SOFTMAX:  # its export wants pixels of 0 to 255, which no file says: the guess is ImageNet's
        assert "street.png: 1 car; people: 0" in checked.stdout
        assert "car 0.90 at 100," in checked.stdout


def test_a_draft_says_what_it_guessed_and_leaves_what_the_file_leaves_open(models_dir: Path) -> None:
    (models_dir / "Mine v2.onnx").write_bytes(YOLOX.model())
    text = run("draft", models_dir / "Mine v2.onnx").stdout
    assert 'name = "mine-v2"' in text
    assert 'colour = "BGR" # GUESS' in text


def test_people_are_a_number_in_a_check(models_dir: Path) -> None:
    picture = models_dir / "street.png"
    cv2.imwrite(str(picture), street((100, 60, 220, 200), (640, 360), 1))
    checked = run("check", YOLOX.put(models_dir), picture, "--models-dir", models_dir)
    assert "no machines; people: 1" in checked.stdout
    assert "person" not in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["draft", "{}/nanodet.onnx"], "none of the heads that are known here; export"),
        (["draft", "{}/none.onnx"], "none.onnx: unreadable (No such file or directory)"),
        (["draft", "{}/nanodet.toml"], "the runtime refuses the model"),
        (["check", "yolox-decoded", "--models-dir", "{}"], "not decoded; say `decoded = false`"),
        (["check", "nanodet", "{}/none.png", "--models-dir", "{}"], "none.png: cannot be read"),
        (["check", "bikes", "--models-dir", "{}"], "is of kind 'footage'"),
    ],
)
def test_what_does_not_fit_is_one_line_and_exit_code_2(arguments: list[str], words: str, models_dir: Path) -> None:
    NETS[0].put(models_dir)
    # A raw export that its manifest calls decoded.
    raw = YOLOX.with_(name="yolox-decoded")
    manifest = models_dir / f"{raw.put(models_dir)}.toml"
    manifest.write_text(manifest.read_text() + "decoded = true\n")
    result = run(*(argument.format(models_dir) for argument in arguments))
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_detector_is_scored_on_the_labels_of_its_site(models_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "gate").mkdir()
    cv2.imwrite(str(tmp_path / "gate" / "1.png"), street((100, 60, 220, 200), (640, 360)))
    cv2.imwrite(str(tmp_path / "gate" / "2.png"), street((300, 60, 420, 200), (640, 360)))
    labels = tmp_path / "labels.json"
    pictures = [
        {"file": "gate/1.png", "machines": [{"class": "car", "box": [100, 60, 220, 200]}]},
        {"file": "gate/2.png", "machines": [{"class": "truck", "box": [20, 60, 90, 200]}]},
    ]
    labels.write_text(json.dumps({"format": "wayside-machines/1", "pictures": pictures}))
    name = YOLOX.put(models_dir)
    options = ("compare", name, tmp_path, "--labels", labels, "--backend", "ort", "--precision", "fp32")
    scored = run(*options, "--models-dir", models_dir, "--json")
    assert scored.exit_code == 0, scored.stderr
    (one,) = json.loads(scored.stdout)["results"]
    rows = {row["scope"]: row for row in one["rows"]}
    assert (rows["all machines"]["labels"], rows["all machines"]["detections"]) == (2, 2)
    assert [rows["all machines"][name]["value"] for name in ("precision", "recall", "ap")] == [0.5, 0.5, 0.25]
    assert [rows[name]["recall"]["value"] for name in ("car", "truck")] == [1.0, 0.0]
    table = run(*options, "--models-dir", models_dir)
    assert "80 px and more" in table.stdout
    labels.write_text("{}")
    assert "labels.json: pictures: Field required" in run(*options, "--models-dir", models_dir).stderr
