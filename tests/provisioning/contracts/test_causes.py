"""Coded causes: each has words in both languages, and every place that codes one gives what its words need."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge_agent
import provisioning
import ray_cluster
from provisioning.contracts.causes import acceptance, faults, streams, work
from provisioning.contracts.causes.catalogue import CAUSES, MODULES, english, words
from provisioning.contracts.causes.text import CauseText, blanks, terminal_language
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import MAX_CAUSE_PARAM, CodedCause, PictureCheck

_HAN: Final = re.compile(r"[一-鿿]")
_MODULES: Final = {each.__name__.rpartition(".")[2]: each for each in MODULES}
_OTHER_TERMS: Final = ("账户", "消息代理", "档案库", "片区", "登记册", "受理台", "第二因素", "车牌")
"""Terms for which the product has another one: `docs/glossary.md`."""


def coded() -> Iterator[tuple[Path, ast.Call, CauseText]]:
    """Each place of the product that codes a cause by its name in the catalogue."""
    for package in (edge_agent, provisioning, ray_cluster):
        for path in Path(str(package.__file__)).parent.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    owner = node.func.value
                    module = _MODULES.get(owner.id) if isinstance(owner, ast.Name) else None
                    text = None if module is None else getattr(module, node.func.attr, None)
                    if isinstance(text, CauseText):
                        yield path, node, text


@pytest.mark.parametrize("text", CAUSES.values(), ids=CAUSES)
def test_a_cause_has_words_in_both_languages(text: CauseText) -> None:
    assert text.english[0]
    assert _HAN.search("".join(text.chinese))
    assert blanks("".join(text.chinese)) <= text.blanks
    assert [term for term in _OTHER_TERMS if term in "".join(text.chinese)] == []
    reason = text(**dict.fromkeys(text.blanks, "§"))
    said = {words(reason, language) for language in ("en", "zh")}
    assert len(said) == 2
    assert all(said)


def test_every_fault_of_a_picture_has_words() -> None:
    assert acceptance.PICTURE.keys() == set(PictureCheck)


def test_codes_are_unique() -> None:
    texts = [each for module in _MODULES.values() for each in vars(module).values() if isinstance(each, CauseText)]
    assert len(texts) + len(acceptance.PICTURE) == len(CAUSES)


def test_every_place_that_codes_a_cause_gives_what_its_words_need() -> None:
    places = list(coded())
    assert len(places) > 80
    for path, call, text in places:
        if any(keyword.arg is None for keyword in call.keywords):
            continue  # given as a whole: the tests of that place see it
        assert {keyword.arg for keyword in call.keywords} == text.blanks, f"{path}:{call.lineno}"


def test_what_only_a_newer_agent_knows_has_no_words() -> None:
    assert words(None, "zh") is None
    assert words(CodedCause(code="of_tomorrow"), "zh") is None
    assert words(CodedCause(code="no_such_stream", params={"host": "gate"}), "zh") is None
    assert words(CodedCause(code="no_such_stream", params={"place": "gate", "since": "1"}), "en") is not None


@given(st.text(max_size=2000))
def test_any_text_can_be_a_parameter(text: str) -> None:
    reason = work.OTHER(detail=text)
    assert codec.decode(CodedCause, codec.encode(reason)) == reason
    assert len(english(reason)) <= MAX_CAUSE_PARAM


def test_a_doctor_speaks_the_language_of_its_terminal() -> None:
    assert terminal_language({"LANG": "zh_CN.UTF-8"}) == "zh"
    assert terminal_language({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}) == "en"
    assert terminal_language({}) == "en"
    assert faults.FAULTS.keys() == set(Fault)
    full = Diagnosis("disk", "1 of 100 MiB are free", Fault.DISK_NEARLY_FULL, "find what fills it")
    assert faults.line(full, "en") == full.line()
    assert faults.line(full, "zh").startswith("故障  disk_nearly_full disk：剩余不足二十分之一")
    reason = streams.NO_SUCH_STREAM(place="192.0.2.7:554")
    lost = Diagnosis("camera gate", "gone", Fault.CAMERA_NO_PICTURE, "compare the path", reason)
    assert "192.0.2.7:554 没有这一路码流。核对地址中的路径" in faults.line(lost, "zh")
    assert faults.line(Diagnosis("disk", "9 MiB"), "zh") == "正常  disk：9 MiB"
    assert [faults.sum_up([full], language) for language in ("en", "zh")] == [
        "faults: 1; what each name means: docs/operations.md",
        "故障：1 项；各名称的含义见 docs/operations.zh.md",
    ]
