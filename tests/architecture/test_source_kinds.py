"""The kind of a camera's source is told apart in one table: the rest of the agent asks it for traits."""

import ast
from collections.abc import Iterator
from typing import Final, get_args

import pytest

from provisioning.contracts.config.camera import CameraSource
from tests.architecture.test_house import PYTHON, ROOT

KINDS: Final = {kind.__name__ for kind in get_args(CameraSource)}
ALLOWED: Final = {
    "edge_agent/source_kinds.py:traits_of": "the table",
    "edge_agent/agent.py:open_source": "builds each source that is fetched, from what it alone needs",
    "edge_agent/inlets.py:source": "builds each source that is brought, from what it alone needs",
    "edge_agent/inlets.py:channel": "builds the way to media that come over a session",
    "edge_agent/sources/recorder/playback.py:playback_of": "builds the way to a recorder's span",
    "edge_agent/sources/recorder/span_camera.py:span_camera": "a camera of a device that registers is asked itself",
    "edge_agent/capture/child.py:_source": "builds the source of a camera's process, whose media are descriptors",
}


def _branching(source: str) -> Iterator[str]:
    """Functions, or `module`, that test an object against a kind's class, or branch on the word of a source's kind."""
    tree = ast.parse(source)
    owners: dict[ast.AST, str] = {}
    for function in ast.walk(tree):  # from the outside in: the innermost function stays
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            owners |= dict.fromkeys(ast.walk(function), function.name)
    for node in ast.walk(tree):
        if _branches(node):
            yield owners.get(node, "module")


def _branches(node: ast.AST) -> bool:
    compared: list[ast.expr] = []
    match node:
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, kinds]):
            compared = [kinds]
        case ast.MatchClass(cls=kind):
            compared = [kind]
        case ast.Match(subject=subject):
            return _is_word_of_a_source(subject)
        case ast.Compare(left=left, comparators=others):
            compared = [left, *others]
        case ast.Dict(keys=keys):
            compared = [key for key in keys if key is not None]
        case ast.Tuple(elts=elements) | ast.Set(elts=elements) | ast.List(elts=elements):
            return bool(elements) and all(map(_is_a_kind, elements))
    return any(_names_a_kind(each) or _is_word_of_a_source(each) for each in compared)


def _is_a_kind(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id in KINDS) or (isinstance(node, ast.Attribute) and node.attr in KINDS)


def _names_a_kind(node: ast.AST) -> bool:
    return any(map(_is_a_kind, ast.walk(node)))


def _is_word_of_a_source(node: ast.AST) -> bool:
    """True for `source.kind` and `camera.source.kind`."""
    if not isinstance(node, ast.Attribute) or node.attr != "kind":
        return False
    owner = node.value
    return (isinstance(owner, ast.Name) and owner.id == "source") or (
        isinstance(owner, ast.Attribute) and owner.attr == "source"
    )


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("isinstance(source, RtspSource)", True),
        ("isinstance(camera.source, processes.RtspSource | processes.ViidSource)", True),
        ("match source:\n case processes.Gb28181Source(span=None):\n  pass", True),
        ("match camera.source.kind:\n case 'rtsp':\n  pass", True),
        ("camera.source.kind == 'rtsp'", True),
        ("'rtsp' != source.kind", True),
        ("type(source) is ReplaySource", True),
        ("BROUGHT = (ViidSource, UploadSource)", True),
        ("OPENERS = {ViidSource: 1}", True),
        ("def open(source: Gb28181Source) -> None: ...", False),
        ("def serve(sources: Mapping[str, ViidSource]) -> None: ...", False),
        ("sources_of(cameras, ViidSource)", False),
        ("SourceKind(camera.source.kind)", False),
        ("isinstance(source, LiveSource)", False),
        ("isinstance(source, AuthenticatedSource)", False),
    ],
)
def test_a_branch_on_the_kind_is_known_by_its_form(line: str, *, is_found: bool) -> None:
    assert bool(list(_branching(line))) is is_found


def test_the_innermost_function_is_named() -> None:
    assert list(_branching("def outer():\n def inner():\n  return isinstance(source, RtspSource)\n")) == ["inner"]


def test_no_other_part_of_the_agent_branches_on_the_kind_of_a_source() -> None:
    found = {
        f"{file}:{name}"
        for file in PYTHON
        if file.startswith("edge_agent/")
        for name in _branching((ROOT / file).read_text(encoding="utf-8"))
    }
    assert found == set(ALLOWED)
