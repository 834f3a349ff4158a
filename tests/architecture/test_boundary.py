"""The boundary in the code: who may make a `Redacted`, and that nothing writes raw pixels."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("center", "edge_agent", "engines", "provisioning", "ray_cluster")
RAW_WRITERS = {"imwrite", "VideoWriter", "imshow", "tofile", "save"}
"""Calls that put pixels on a disk or a screen."""
MAY_WRITE_PICTURES = {
    "engines/cli/main.py": "`try` writes its picture with faces, plates and people covered",
    "center/search/pictures.py": "crops of redacted pictures, into memory",
    "provisioning/enrolment/bundles.py": "a QR code of the bundle",
    "provisioning/demo": "the contact sheet is drawn from redacted pictures that the API returned",
}


@cache
def _parsed(package: str) -> Mapping[str, ast.Module]:
    files = sorted((ROOT / package).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in files}


def _sources(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        yield from _parsed(package).items()


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def test_only_the_redactor_makes_a_redacted() -> None:
    makers = {file for file, tree in _sources(*PACKAGES) for name, _ in _calls(tree) if name == "Redacted"}
    assert makers == {"edge_agent/redactor/redactor.py"}


def test_nothing_copies_a_redacted_with_other_pixels() -> None:
    # `dataclasses.replace(redacted, picture=…)` would make one without naming the type.
    swaps = [
        file
        for file, tree in _sources("edge_agent")
        for name, call in _calls(tree)
        if name in {"replace", "_replace", "__setattr__"} and {k.arg for k in call.keywords} & {"picture", "snapshot"}
    ]
    assert swaps == []


def test_nothing_writes_pixels() -> None:
    found = {
        f"{file}: {name}"
        for file, tree in _sources(*PACKAGES)
        for name, _ in _calls(tree)
        if name in RAW_WRITERS and not any(file.startswith(allowed) for allowed in MAY_WRITE_PICTURES)
    }
    assert found == set()


MEASURES = {
    "edge_agent/picture_checks/checks.py",
    "edge_agent/picture_checks/measures.py",
    "edge_agent/picture_checks/scene_baseline.py",
}
"""They smooth a copy to tell noise from structure, and hand on numbers."""


def test_no_call_blurs_or_shrinks_to_hide() -> None:
    # An 8×8 mosaic still let a cascade find 2-5 of 43 faces. Blurring has no honest use but to measure.
    blurs = {file for file, tree in _sources(*PACKAGES) for name, _ in _calls(tree) if "blur" in name.lower()}
    assert blurs <= MEASURES


@pytest.mark.parametrize(
    "word", ["arcface", "facenet", "insightface", "re_?id\\b", "face_?recogni", "plate_?(ocr|text)"]
)
def test_no_package_names_what_the_boundary_excludes(word: str) -> None:
    pattern = re.compile(word, re.IGNORECASE)
    hits = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert hits == []


def test_text_is_recognised_by_the_reader_of_times_alone() -> None:
    naming = {
        file
        for file, tree in _sources(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == "pp-ocr-v4-clock"
    }
    assert naming == {"edge_agent/clock_text/reader.py", "provisioning/release/archive.py"}


def test_the_reader_of_times_gives_times_alone() -> None:
    (reader,) = (tree for file, tree in _sources("edge_agent") if file == "edge_agent/clock_text/reader.py")
    public = {
        node.name: ast.unparse(node.returns) if node.returns else ""
        for node in ast.walk(reader)
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    assert public == {"load": "Self", "read": "datetime | None"}


def test_audit_models_are_named_nowhere_in_the_product() -> None:
    naming = {
        file
        for file, tree in _sources("center", "edge_agent", "ray_cluster")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "mediapipe" in node.value.lower()
    }
    assert naming == set()
