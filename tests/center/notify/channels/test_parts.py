"""How long an SMS is, and how it is cut."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.notify.channels import parts
from center.notify.message import blanks
from tests.support.notify_world import message

SIGNATURE = "县交通"
LEAD = len(SIGNATURE) + 2
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300)


@pytest.mark.parametrize(
    ("whole", "part_units", "billed"),
    [
        (70, 67, 1), (71, 67, 2), (134, 67, 2), (135, 67, 3),
        (70, 70, 1), (71, 70, 2), (134, 70, 2), (135, 70, 2), (140, 70, 2), (141, 70, 3),
    ],
)  # fmt: skip
def test_the_signature_counts_and_parts_begin_at_71(whole: int, part_units: int, billed: int) -> None:
    assert parts.billed("字" * (whole - LEAD), SIGNATURE, part_units) == billed


def test_an_emoji_counts_two() -> None:
    assert parts.units("🚲") == 2
    assert parts.billed("🚲" * 32 + "字", SIGNATURE, 67) == 1
    assert parts.billed("🚲" * 33, SIGNATURE, 67) == 2


def test_latin_letters_are_no_shorter_than_chinese_ones() -> None:
    # GSM-7 would take 160 of them in one part, and 2 for each of these brackets.
    assert parts.billed("a" * 65, SIGNATURE, 67) == 1
    assert parts.billed("a" * 66, SIGNATURE, 67) == 2
    assert parts.billed("[]{}~" * 13, SIGNATURE, 67) == 1


@given(TEXT, st.text("字a", min_size=1, max_size=20), st.integers(60, 70))
def test_parts_are_what_another_count_says(text: str, signature: str, part_units: int) -> None:
    shown = f"【{signature}】{text}"
    length = sum(1 + (ord(letter) > 0xFFFF) for letter in shown)
    expected = 1 if length <= 70 else math.ceil(length / part_units)
    assert parts.billed(text, signature, part_units) == expected


@given(TEXT, st.integers(1, 200))
def test_a_cut_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    cut = parts.cut(text, limit)
    assert parts.units(cut) <= limit
    cut.encode("utf-16")  # no half of a character
    if cut != text:
        assert cut.endswith("…")
        assert text.startswith(cut[:-1])
    else:
        assert parts.units(text) <= limit


LABEL = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=64)


@given(LABEL, LABEL, st.integers(1, 4), st.integers(60, 70))
def test_names_give_way_and_time_and_link_stay(camera: str, rule: str, most: int, part_units: int) -> None:
    filled = {**blanks(message(), 480), "camera": camera, "rule": rule}
    limit = parts.room(SIGNATURE, part_units, most)
    fitted = parts.fitted("{rule} {camera} {time} {link}", filled, limit)
    text = "{rule} {camera} {time} {link}".format_map(fitted)
    assert parts.billed(text, SIGNATURE, part_units) <= most
    assert (fitted["time"], fitted["link"]) == (filled["time"], filled["link"])
    for name in ("camera", "rule"):
        assert fitted[name].rstrip("…")[:1] == parts.without_brackets(filled[name])[:1] or fitted[name]


def test_the_longer_name_gives_way_first() -> None:
    filled = {**blanks(message(), 480), "camera": "长" * 40, "rule": "进梯"}
    fitted = parts.fitted("{rule} {camera} {time} {link}", filled, 65)
    assert fitted["rule"] == "进梯"
    assert fitted["camera"] == "长" * 23 + "…"


def test_no_second_signature_can_be_written() -> None:
    assert parts.without_brackets("【假】x【假】") == "[假]x[假]"
    fitted = parts.fitted("{rule}{camera}{time}", {**blanks(message(), 480), "rule": "【银行】"}, 65)
    assert "【" not in "{rule}{camera}{time}".format_map(fitted)
