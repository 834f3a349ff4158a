"""Both languages: nothing is missing, nothing is left over, every blank is filled."""

import ast
import io
import re
import string
from pathlib import Path
from typing import Final

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import center
from center.console.language import LANGUAGES, negotiate
from center.console.preferences import local_path
from center.errors import QueryUnreachableError

PACKAGE: Final = Path(center.__file__).parent
CATALOGUE: Final = PACKAGE / "console" / "locale" / "zh_CN" / "LC_MESSAGES" / "center.po"
KEYWORDS: Final = {"_": None, "marked": None}
PRIVATE: Final = re.compile(r"\b(nobody|somebody|whoever|anew|mend|told)\b", re.IGNORECASE)
HALF_WIDTH: Final = re.compile(r":(?=\s|$)|[\u4e00-\u9fff）”》}]:|：\s")
"""A colon of English in a Chinese text; one of a time, an address or a command stands between two of their letters."""
JOINT: Final = re.compile(r"""\(": "\)|': '|words[^}]*\}: \$""")
OTHER_TERMS: Final = ("账户", "消息代理", "档案库", "片区", "登记册", "受理台", "第二因素", "车牌")
"""Terms for which the console has another one: `docs/glossary.md`."""


def spoken() -> set[str]:
    """Every text the source marks for translation."""
    texts: set[str] = set()
    for path in PACKAGE.rglob("*"):
        method = {".py": "python", ".html": "jinja2.ext:babel_extract"}.get(path.suffix)
        if method is None:
            continue
        for _line, message, _comments, _context in extract(method, io.BytesIO(path.read_bytes()), KEYWORDS):
            assert isinstance(message, str), f"{path.name}: plural forms are not used"
            texts.add(message)
    return texts


def translated() -> dict[str, str]:
    catalogue = read_po(io.BytesIO(CATALOGUE.read_bytes()), locale="zh_CN")
    return {str(message.id): str(message.string) for message in catalogue if message.id and not message.fuzzy}


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_walk_over_the_sources_finds_texts_of_every_kind() -> None:
    texts = spoken()
    assert {"Search", "Set-up code", "Motorcycle", "Observation {row_key} is not in the archive."} <= texts


def test_every_text_is_translated_and_no_translation_is_left_over() -> None:
    chinese = translated()
    assert {text for text in spoken() if not chinese.get(text)} == set()
    assert set(chinese) - spoken() == set()


def test_a_translation_has_the_blanks_of_its_text_and_is_chinese() -> None:
    for text, chinese in translated().items():
        assert blanks(text) == blanks(chinese), text
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), text


def test_texts_name_who_and_what_and_each_concept_has_one_chinese_term() -> None:
    for text, chinese in translated().items():
        assert PRIVATE.search(text) is None, text
        assert [term for term in OTHER_TERMS if term in chinese] == [], text


def test_in_chinese_a_colon_is_full_width_and_stands_without_a_space() -> None:
    found = [chinese for chinese in translated().values() if HALF_WIDTH.search(chinese)]
    assert found == []
    assert LANGUAGES["zh"].named("摄像机", "离线") == "摄像机：离线"
    assert LANGUAGES["en"].named("Camera", "Offline") == "Camera: Offline"


def test_no_page_joins_two_texts_by_a_colon_of_its_own() -> None:
    joined = []
    for path in (PACKAGE / "console").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        raised = {id(each) for node in ast.walk(tree) if isinstance(node, ast.Raise) for each in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and id(node) not in raised:
                between = [each.value for each in node.values[1:] if isinstance(each, ast.Constant)]
                joined += [f"{path.name}:{node.lineno}" for each in between if str(each).startswith(": ")]
    for path in (PACKAGE / "console" / "widgets").glob("*.js"):
        joined += [f"{path.name}: {line}" for line in path.read_text().splitlines() if JOINT.search(line)]
    assert joined == [], "write _.named(name, text), or words.colon in a script"


def test_a_channel_of_a_recorder_and_one_of_notification_have_two_chinese_words() -> None:
    for text, chinese in translated().items():
        word, other = ("通道", "渠道") if "{device_id}" in text else ("渠道", "通道")
        assert other not in chinese, text
        assert "channel" not in text.lower() or word in chinese, text


def test_words_and_errors_come_in_the_language_asked_for() -> None:
    error = QueryUnreachableError(url="http://archive.test", cause="refused")
    assert LANGUAGES["en"]("Log in") == "Log in"
    assert LANGUAGES["zh"]("Log in") == "登录"
    for language in LANGUAGES.values():
        what, advice = language.error(error)
        assert "http://archive.test" in what
        assert "wayside-cluster run" in advice
    assert LANGUAGES["en"].error(error) == (error.text(), error.advice())


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "zh"),
        ("fr, de;q=0.8", "zh"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh"),
        ("fr;q=1, en;q=0.5, zh;q=0.4", "en"),
        ("en;q=0.2, zh;q=0.7", "zh"),
        ("en;q=0", "zh"),
        ("en;q=abc", "zh"),
        ("EN-us", "en"),
    ],
)
def test_the_browsers_wish_is_read(header: str, code: str) -> None:
    assert negotiate(header).code == code


@given(st.text(max_size=2000))
def test_any_header_gives_a_language(header: str) -> None:
    assert negotiate(header).code in LANGUAGES


@given(st.text(max_size=60) | st.text(alphabet="/\\.:a@ \t\n", max_size=12))
def test_a_local_path_stays_on_this_site(target: str) -> None:
    path = local_path(target)
    assert path.startswith("/")
    assert not path.startswith("//")
    assert "\\" not in path
    assert path.isprintable()
