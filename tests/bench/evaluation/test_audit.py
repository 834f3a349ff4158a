"""Hits of other detectors in a published picture are sorted by what they lie on, and the whole harness audits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.evaluation.audit import Hits, overlapping
from edge_agent.evaluation.labels import LabelKind, LabelledPicture, Labels, Object
from engines.catalog.catalog import Catalog
from engines.detection.postprocess import Box as Rect
from tests.support.faces import photo

ROOT = Path(__file__).parents[3]


def test_hits_are_sorted_by_what_they_lie_on() -> None:
    paint = np.zeros((96, 160), np.bool_)
    paint[:40, :40] = True
    faces = [Rect(10, 10, 22, 30), Rect(100, 10, 120, 30)]
    found = [Rect(12, 12, 20, 20), Rect(105, 12, 130, 40), Rect(60, 60, 80, 80), Rect(21, 10, 30, 30)]
    hits = Hits()
    hits.add(found, faces, paint)
    assert hits == Hits(on_uncovered=1, on_covered=1, elsewhere=2)


def test_overlapping_asks_for_the_inner_part() -> None:
    face = Rect(0, 0, 10, 10)
    assert overlapping([Rect(8, 0, 20, 20), Rect(9.5, 0, 20, 20)], [face]) == [Rect(8, 0, 20, 20)]


@pytest.mark.network
def test_pictures_of_one_s_own_are_audited(tmp_path: Path) -> None:
    image, faces = photo(Catalog(), "faces-1", 640)
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    objects = tuple(Object(kind=LabelKind.FACE, box=face) for face in faces)
    (tmp_path / "labels.json").write_text(
        Labels(pictures=(LabelledPicture(file="a.png", objects=objects),)).model_dump_json()
    )
    before = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "bench.evaluation", str(tmp_path), str(tmp_path / "labels.json"), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "300"},
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["recall"]["face plain"]["40+"]["covered"] == len(faces) == 3
    assert len(figures["audit"]) == 4
    assert all(hits["on_uncovered_faces"] == 0 for hits in figures["audit"].values())
    assert sorted(tmp_path.iterdir()) == before, "an evaluation writes nothing"
