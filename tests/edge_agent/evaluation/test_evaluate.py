"""`--evaluate`: the label file, the intervals, and figures that count what was painted, not what was claimed."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from edge_agent.evaluation.evaluate import Witness, evaluate
from edge_agent.evaluation.labels import LabelledClip, LabelledFrame, LabelledPicture, Labels, Object, parse, read
from edge_agent.evaluation.metrics import FACE_BINS, PLATE_BINS, Figures, Share, bin_of
from edge_agent.evaluation.score import Mask
from edge_agent.redact_files.errors import LabelsUnusable, RedactRefused
from engines.catalog.catalog import Catalog
from engines.detection.postprocess import Box as Rect
from tests.edge_agent.painting import Boxes, Painter, nothing, whole
from tests.edge_agent.world import Image, flat, noise, write_video
from tests.support.faces import photo

FACE: dict[str, Any] = {"kind": "face", "box": (10, 10, 22, 30)}


def _object(**changes: object) -> Object:
    return Object.model_validate(FACE | changes)


def _picture(folder: Path, name: str, *objects: Object, level: int = 200) -> LabelledPicture:
    (folder / name).write_bytes(cv2.imencode(".png", flat(level, 160, 96))[1].tobytes())
    return LabelledPicture(file=name, objects=objects)


def _figures(
    folder: Path, labels: Labels, boxes: Boxes, *, lies: bool = False, witness: Witness | None = None
) -> Figures:
    return evaluate(folder, labels, lambda: Painter(boxes, lies=lies), lambda: None, witness)


def _recall(figures: Figures) -> dict[str, dict[str, tuple[int, int]]]:
    shares = figures.shares(figures.recall)
    return {group: {name: (share.hits, share.of) for name, share in bins.items()} for group, bins in shares.items()}


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.30849710781876077),
        (5, 10, 0.18708602844739843, 0.8129139715526016),
        (22, 22, 0.8456274871844254, 1.0),
        (32, 38, 0.6874663917080948, 0.9397702720826171),
        (950, 1000, 0.9346095120845083, 0.9626646023953747),
    ],
)
def test_intervals_are_those_of_the_beta_distribution(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=1e-9)


@given(st.integers(1, 120).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_share_and_mirrors(counts: tuple[int, int]) -> None:
    hits, of = counts
    low, high = Share(hits, of).interval
    assert 0 <= low <= hits / of <= high <= 1
    mirrored = Share(of - hits, of).interval
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)
    if hits == of:
        assert low == pytest.approx(0.025 ** (1 / of), abs=1e-9)


def test_a_share_of_nothing_claims_nothing() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval, str(Share(0, 0))) == (None, (0.0, 1.0), "–")


def test_sizes_fall_into_the_bin_that_is_named_for_them() -> None:
    assert [bin_of(px, FACE_BINS) for px in (5, 8, 12, 16, 20, 30, 40, 400)] == [
        "less", "8", "12", "16", "20", "30", "40+", "40+"
    ]  # fmt: skip
    assert [bin_of(px, PLATE_BINS) for px in (9, 20, 40, 60, 90)] == ["less", "20", "40", "60+", "60+"]


def test_a_label_file_is_read_back(tmp_path: Path) -> None:
    labels = Labels(
        pictures=(LabelledPicture(file="a/b.jpg", objects=(_object(variant="masked", synthetic=True),)),),
        clips=(LabelledClip(file="c.mp4", frames=(LabelledFrame(number=3, objects=(_object(track=1),)),)),),
    )
    file = tmp_path / "labels.json"
    file.write_text(labels.model_dump_json())
    assert read(file) == labels
    assert labels.count == 2


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_labels_or_one_line(data: bytes) -> None:
    try:
        parse(data, "labels.json")
    except LabelsUnusable as error:
        complaint = str(error)
    else:
        return
    assert complaint.startswith("labels.json: ")
    assert "\n" not in complaint


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "wayside-labels/2"},
        {"pictures": [{"file": "../a.jpg"}]},
        {"pictures": [{"file": "/a.jpg"}]},
        {"pictures": [{"file": "a/.b.jpg"}]},
        {"pictures": [{"file": "a.jpg", "objects": [FACE | {"box": [5, 5, 5, 9]}]}]},
        {"pictures": [{"file": "a.jpg", "objects": [FACE | {"box": [5, 5, "Infinity", 9]}]}]},
        {"pictures": [{"file": "a.jpg", "objects": [FACE | {"kind": "name"}]}]},
        {"pictures": [{"file": "a.jpg", "objects": [FACE | {"track": 1}]}]},
        {"pictures": [{"file": "a.jpg", "who": "somebody"}]},
        {"clips": [{"file": "a.mp4", "frames": [{"number": 1}, {"number": 1}]}]},
    ],
)
def test_a_label_file_with_a_fault_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(LabelsUnusable):
        parse(json.dumps(changed).encode(), "labels.json")


def test_labels_that_are_absent_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(LabelsUnusable, match="cannot be read"):
        read(tmp_path / "none.json")


def test_nine_tenths_of_the_box_must_be_paint(tmp_path: Path) -> None:
    labels = Labels(pictures=(_picture(tmp_path, "a.png", _object(box=(20, 20, 40, 40))),))
    assert _recall(_figures(tmp_path, labels, lambda _: [(0, 0, 60, 38)])) == {"face plain": {"20": (1, 1)}}
    assert _recall(_figures(tmp_path, labels, lambda _: [(0, 0, 60, 37)])) == {"face plain": {"20": (0, 1)}}


def test_a_cover_that_is_only_claimed_covers_nothing(tmp_path: Path) -> None:
    labels = Labels(pictures=(_picture(tmp_path, "a.png", _object()),))
    figures = _figures(tmp_path, labels, lambda _: [(0, 0, 160, 96)], lies=True)
    assert _recall(figures) == {"face plain": {"20": (0, 1)}}


def test_grey_that_no_region_claims_is_asphalt(tmp_path: Path) -> None:
    labels = Labels(pictures=(_picture(tmp_path, "a.png", _object(), level=64),))
    assert _recall(_figures(tmp_path, labels, nothing)) == {"face plain": {"20": (0, 1)}}


def test_kinds_variants_and_sizes_are_counted_apart(tmp_path: Path) -> None:
    labels = Labels(
        pictures=(
            _picture(
                tmp_path, "a.png",
                _object(variant="yaw", box=(0, 0, 8, 8)),
                _object(variant="masked", box=(100, 0, 108, 12)),
                _object(kind="head", box=(0, 0, 30, 30)),
                _object(kind="person", box=(0, 0, 30, 90)),
                _object(kind="plate", box=(0, 0, 40, 12), synthetic=True),
                _object(kind="ebike_plate", box=(100, 50, 120, 62), synthetic=True),
                _object(box=(500, 500, 520, 520)),  # outside the picture: nothing to cover
            ),
        )
    )  # fmt: skip
    assert _recall(_figures(tmp_path, labels, lambda _: [(0, 0, 48, 32)])) == {
        "face yaw": {"8": (1, 1)},
        "face masked": {"12": (0, 1)},
        "head": {"30": (1, 1)},
        "plate synthetic": {"40": (1, 1)},
        "ebike-plate synthetic": {"20": (0, 1)},
    }


def test_a_plate_under_a_band_is_covered_and_not_found(tmp_path: Path) -> None:
    plate = _object(kind="plate", box=(40, 40, 80, 52))
    labels = Labels(pictures=(_picture(tmp_path, "a.png", plate),))
    for boxes, found in (([(35, 38, 85, 54)], 1), ([(0, 0, 160, 96)], 0)):
        figures = _figures(tmp_path, labels, lambda _, boxes=boxes: boxes)  # type: ignore[misc] # bound now
        assert _recall(figures) == {"plate": {"40": (1, 1)}}
        assert figures.shares(figures.own_cover)["plate"]["40"] == Share(found, 1)


def test_over_cover_is_paint_outside_every_label(tmp_path: Path) -> None:
    person = _object(kind="person", box=(0, 0, 80, 96))
    labels = Labels(pictures=(_picture(tmp_path, "a.png", person), _picture(tmp_path, "b.png")))
    shown = _figures(tmp_path, labels, lambda _: [(0, 0, 120, 96)]).as_json()
    assert shown["over_cover"]["mean"] == pytest.approx(0.25)
    assert shown["over_cover_of_pictures_without_labels"]["mean"] == pytest.approx(0.75)


def test_leaks_of_a_clip_are_counted_by_track(tmp_path: Path) -> None:
    write_video(tmp_path / "c.mp4", [noise(n) for n in range(8)])
    one, other = _object(track=1), _object(track=2, box=(60, 10, 90, 40))
    frames = tuple(LabelledFrame(number=n, objects=(one, other)) for n in range(1, 8))
    labels = Labels(clips=(LabelledClip(file="c.mp4", frames=frames),))
    both, first = [(0, 0, 160, 96)], [(0, 0, 40, 96)]
    shown = _figures(tmp_path, labels, lambda n: first if n in {0, 2, 3, 6} else both).as_json()
    assert [(t["track"], t["frames"], t["uncovered"], t["longest_gap"]) for t in shown["tracks"]] == [
        (1, 7, 0, 0), (2, 7, 3, 2)
    ]  # fmt: skip
    assert (shown["recall"], shown["pictures_and_frames"]) == ({}, 7)


def test_frames_of_a_clip_are_met_in_order_by_one_redactor(tmp_path: Path) -> None:
    write_video(tmp_path / "c.mp4", [noise(n) for n in range(5)])
    painter = Painter(whole)
    labels = Labels(clips=(LabelledClip(file="c.mp4", frames=(LabelledFrame(number=4, objects=(_object(),)),)),))
    evaluate(tmp_path, labels, lambda: painter, lambda: None)
    assert [one.frame.captured_at_ms for one in painter.seen] == [0, 40, 80, 120, 160]


def test_what_is_withheld_is_neither_covered_nor_leaked_and_is_named_with_its_cause(tmp_path: Path) -> None:
    write_video(tmp_path / "c.mp4", [noise(1)] * 3)
    labels = Labels(
        pictures=tuple(_picture(tmp_path, f"{n}.png", _object()) for n in range(5)),
        clips=(LabelledClip(file="c.mp4", frames=(LabelledFrame(number=2, objects=(_object(track=7),)),)),),
    )
    figures = _figures(tmp_path, labels, lambda _: None)
    assert (_recall(figures), figures.tracks, figures.pictures) == ({}, {}, 6)
    written = figures.as_json()
    names = ["0.png", "1.png", "2.png", "3.png", "4.png", "c.mp4, frame 2"]
    assert (written["withheld"], written["withheld_by_cause"]) == (6, {"a face is still found": names})
    out = StringIO()
    figures.show(Console(file=out, width=200))
    assert "6 withheld\n  a face is still found: 0.png; 1.png; 2.png; 3.png; 4.png and 1 more\n" in out.getvalue()


def test_a_labelled_file_that_is_missing_ends_it(tmp_path: Path) -> None:
    for labels in (
        Labels(pictures=(LabelledPicture(file="none.jpg"),)),
        Labels(clips=(LabelledClip(file="none.mp4", frames=()),)),
    ):
        with pytest.raises(RedactRefused, match="no figures without it"):
            _figures(tmp_path, labels, whole)


def test_a_labelled_frame_that_the_clip_lacks_ends_it(tmp_path: Path) -> None:
    write_video(tmp_path / "c.mp4", [noise(1)] * 2)
    labels = Labels(clips=(LabelledClip(file="c.mp4", frames=(LabelledFrame(number=2),)),))
    with pytest.raises(RedactRefused, match="no frame 2"):
        _figures(tmp_path, labels, whole)


def test_a_witness_gets_what_is_published_where_faces_are_labelled(tmp_path: Path) -> None:
    person = _object(kind="person", box=(0, 0, 80, 96))
    labels = Labels(pictures=(_picture(tmp_path, "a.png", _object(), person), _picture(tmp_path, "b.png", person)))
    seen: list[tuple[Image, Sequence[Rect], Mask]] = []
    _figures(tmp_path, labels, lambda _: [(0, 0, 40, 40)], witness=lambda *shown: seen.append(shown))
    [(image, faces, mask)] = seen
    assert faces == [Rect(10, 10, 22, 30)]
    assert mask.shape == image.shape[:2]
    assert int(mask.sum()) == 1600


def test_figures_are_shown_and_written(tmp_path: Path) -> None:
    write_video(tmp_path / "c.mp4", [noise(1)] * 2)
    plate = _object(kind="plate", box=(100, 40, 160, 60), synthetic=True)
    labels = Labels(
        pictures=(_picture(tmp_path, "a.png", _object(), plate), _picture(tmp_path, "b.png")),
        clips=(LabelledClip(file="c.mp4", frames=(LabelledFrame(number=0, objects=(_object(track=7),)),)),),
    )
    figures = _figures(tmp_path, labels, whole)
    out = StringIO()
    figures.show(Console(file=out, width=200))
    text = out.getvalue()
    for words in (
        "3 pictures and frames",
        "face plain",
        "–100%) of 1",
        "plate synthetic",
        "c.mp4",
        "over-cover",
    ):
        assert words in text
    written = json.loads(json.dumps(figures.as_json(), allow_nan=False))
    assert written["recall"]["face plain"]["20"]["share"] == 1
    assert written["models"] == {"painter": "0" * 64}
    assert math.isclose(written["recall"]["face plain"]["20"]["low"], 0.025)


@pytest.mark.network
def test_a_labelled_photograph_is_evaluated(catalog: Catalog, tmp_path: Path) -> None:
    image, faces = photo(catalog, "faces-1", 640)
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    labels = Labels(pictures=(LabelledPicture(file="a.png", objects=tuple(_object(box=face) for face in faces)),))
    (tmp_path / "labels.json").write_text(labels.model_dump_json())
    before = sorted(tmp_path.iterdir())
    command = [sys.executable, "-m", "edge_agent", "redact", tmp_path, "--evaluate", tmp_path / "labels.json", "--json"]
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "300"},
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["recall"]["face plain"]["40+"]["covered"] == len(faces) == 3
    assert "audit" not in figures
    assert sorted(tmp_path.iterdir()) == before, "an evaluation writes nothing"
