"""A list in parts, whatever its sum claims, and what a device tells of it later."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.manscdp import body as manscdp
from edge_agent.gb28181.manscdp.catalog import Catalog, CatalogAssembly, changed
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.manscdp.message_types import CatalogChange, CatalogPart
from edge_agent.gb28181.manscdp.multipart import MAX_ITEMS, AnswerOutcome
from tests.edge_agent.gb28181.corpus_file import corpus

EAST, WEST = "34020000001320000001", "34020000001320000002"
SN = 17


def part(*ids: str, total: int | None = None) -> CatalogPart:
    return CatalogPart(total, tuple(CatalogItem(each, each) for each in ids))


def feed(assembly: CatalogAssembly, file: str, now_s: float) -> bool:
    word = manscdp.parse(corpus(file))
    assert isinstance(word.content, CatalogPart)
    return assembly.receive(word.sn, word.content, now_s)


def ended(assembly: CatalogAssembly) -> tuple[float, Catalog]:
    """Let time pass until it is over: when that was, and the list."""
    timer = assembly.get_timer()
    assert timer is not None
    assembly.handle_timer(timer - 0.001)
    assert assembly.catalog is None
    assembly.handle_timer(timer)
    assert assembly.get_timer() is None
    assert assembly.catalog is not None
    return timer, assembly.catalog


def ids(catalog: Catalog) -> list[str]:
    return [item.item_id for item in catalog.items]


@pytest.mark.parametrize(
    ("file", "over_s", "outcome", "found"),
    [
        ("catalog-template.xml", 11.0, AnswerOutcome.COMPLETE, [EAST]),
        ("catalog-sn-not-echoed.xml", 11.0, AnswerOutcome.COMPLETE, [EAST, WEST]),
        ("catalog-sumnum-too-large.xml", 15.0, AnswerOutcome.STALLED, [EAST, WEST]),
        ("catalog-sumnum-too-small.xml", 11.0, AnswerOutcome.COMPLETE, [EAST, WEST]),
        ("catalog-sumnum-zero.xml", 11.0, AnswerOutcome.COMPLETE, []),
        ("catalog-sumnum-missing.xml", 15.0, AnswerOutcome.STALLED, [EAST]),
        ("catalog-item-without-id.xml", 11.0, AnswerOutcome.COMPLETE, [EAST, "bkq-ks-124567"]),
        (
            "catalog-unsolicited-single.xml",
            15.0,
            AnswerOutcome.COMPLETE,
            [WEST],
        ),  # of a device of which no list is known
    ],
)
def test_one_message(file: str, over_s: float, outcome: AnswerOutcome, found: list[str]) -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assert feed(assembly, file, 10.0)
    when_s, catalog = ended(assembly)
    assert (when_s, catalog.outcome, ids(catalog)) == (over_s, outcome, found)
    assert catalog.is_list


def test_items_without_an_id_count_towards_the_sum() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    feed(assembly, "catalog-item-without-id.xml", 1.0)
    _, catalog = ended(assembly)
    assert (catalog.nameless, catalog.announced) == (2, 4)


def test_two_thousand_messages_of_one_item() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    body = corpus("catalog-one-of-2000.xml")
    for number in reversed(range(2000)):  # out of order
        word = manscdp.parse(body.replace(b"34020000001310000001", b"340200000013100%05d" % number))
        assert isinstance(word.content, CatalogPart)
        assert assembly.receive(word.sn, word.content, 1.0 + (1999 - number) * 0.02)
    when_s, catalog = ended(assembly)
    assert (len(catalog.items), catalog.announced, catalog.outcome) == (2000, 2000, AnswerOutcome.COMPLETE)
    assert when_s == pytest.approx(1.0 + 1999 * 0.02 + 1.0)


def test_nothing_comes_for_two_minutes() -> None:
    when_s, catalog = ended(CatalogAssembly(SN, asked_s=3.0))
    assert (when_s, catalog.outcome, catalog.is_list) == (123.0, AnswerOutcome.SILENT, False)


def test_more_comes_just_after_a_sum_that_is_too_small() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assembly.receive(SN, part("a", total=1), 1.0)
    assembly.handle_timer(1.9)
    assembly.receive(SN, part("b", total=1), 1.9)
    assert ids(ended(assembly)[1]) == ["a", "b"]


def test_a_repeated_message_counts_once_and_does_not_hold_the_list_open() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assembly.receive(SN, part("a", total=2), 1.0)
    assert assembly.receive(SN, part("a", total=2), 4.0)
    when_s, catalog = ended(assembly)
    assert (when_s, catalog.outcome, ids(catalog)) == (6.0, AnswerOutcome.STALLED, ["a"])


def test_messages_that_begin_with_the_end_of_the_last() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    for now_s, each in enumerate(("ab", "bc", "cd")):
        assembly.receive(SN, part(*each, total=4), now_s * 2.0)
        assembly.handle_timer(now_s * 2.0 + 1.5)
    assert assembly.catalog is not None
    assert (ids(assembly.catalog), assembly.catalog.outcome) == (["a", "b", "c", "d"], AnswerOutcome.COMPLETE)


def test_an_empty_message_is_life_but_nothing_in_the_list() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assembly.receive(SN, part(total=2), 1.0)
    assembly.receive(SN, part(total=2), 5.0)
    when_s, catalog = ended(assembly)
    assert (when_s, catalog.outcome, catalog.is_list) == (10.0, AnswerOutcome.STALLED, False)


def test_the_last_word_on_a_channel_counts() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assembly.receive(SN, CatalogPart(3, (CatalogItem("a", "old"), CatalogItem("b", "b"), CatalogItem("a", "new"))), 1.0)
    _, catalog = ended(assembly)
    assert [(item.item_id, item.name) for item in catalog.items] == [("a", "new"), ("b", "b")]
    assert catalog.outcome is AnswerOutcome.COMPLETE


def test_news_of_one_channel_does_not_replace_a_list_of_several() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0, known_items=2)
    assert not feed(assembly, "catalog-unsolicited-single.xml", 1.0)
    assert assembly.get_timer() == 120.0
    assembly.receive(SN, part("a", "b", total=2), 2.0)
    assert ids(ended(assembly)[1]) == ["a", "b"]


def test_an_answer_with_our_number_wins_over_one_without() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assert assembly.receive(None, CatalogPart(3, (CatalogItem("x"), CatalogItem("y")), nameless=1), 1.0)
    assert assembly.receive(4, part("z", total=9), 1.1)
    assert assembly.receive(SN, part("a", total=2), 1.2)
    assert not assembly.receive(4, part("w", total=9), 1.3)
    assembly.receive(SN, part("b", total=2), 1.4)
    _, catalog = ended(assembly)
    assert (ids(catalog), catalog.announced, catalog.nameless) == (["a", "b"], 2, 0)


def test_what_an_earlier_answer_had_is_new_in_ours() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assembly.receive(4, part("b", total=9), 1.0)
    assembly.receive(SN, part("a", total=2), 1.2)
    assembly.receive(SN, part("b", total=2), 1.4)
    assert ids(ended(assembly)[1]) == ["a", "b"]


def test_news_of_one_channel_may_be_the_list_where_one_is_known() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0, known_items=1)
    assert feed(assembly, "catalog-unsolicited-single.xml", 1.0)


def test_what_comes_when_it_is_over_is_no_part_of_it() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assembly.receive(SN, part("a", total=1), 1.0)
    ended(assembly)
    assert not assembly.receive(SN, part("b", total=1), 2.5)
    assembly.refuse()
    assembly.handle_timer(500.0)
    assert assembly.catalog is not None
    assert assembly.catalog.outcome is AnswerOutcome.COMPLETE


def test_refused() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assembly.refuse()
    assert assembly.get_timer() is None
    assert assembly.catalog == Catalog((), None, 0, AnswerOutcome.REFUSED)
    assert not assembly.catalog.is_list


def test_a_lost_message_takes_no_channel_away() -> None:
    known = {each: CatalogItem(each) for each in "abc"}
    short = CatalogAssembly(SN, asked_s=0.0, known_items=3)
    short.receive(SN, part("b", total=3), 1.0)
    after = ended(short)[1].over(known)
    assert {each: item.name for each, item in after.items()} == {"a": "", "b": "b", "c": ""}
    whole = CatalogAssembly(SN, asked_s=0.0, known_items=3)
    whole.receive(SN, part("b", total=1), 1.0)
    assert list(ended(whole)[1].over(known)) == ["b"]


def test_a_device_that_goes_on_for_ever_is_cut_off() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    for number in range(200):
        assembly.receive(SN, part(str(number), total=1000), number * 4.0)
        assembly.handle_timer(number * 4.0)
    assert assembly.catalog is not None
    assert assembly.catalog.outcome is AnswerOutcome.STALLED
    assert len(assembly.catalog.items) == 151  # 600 s


def test_a_list_does_not_grow_without_bound() -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assembly.receive(SN, part(*map(str, range(MAX_ITEMS))), 1.0)
    assert assembly.catalog is None
    assembly = CatalogAssembly(SN, asked_s=0.0)
    assembly.receive(SN, part(*map(str, range(MAX_ITEMS - 1)), total=10**9), 1.0)
    assembly.receive(SN, part("x", "y", "z", total=10**9), 1.0)
    assert assembly.catalog is not None
    assert (len(assembly.catalog.items), assembly.catalog.outcome) == (MAX_ITEMS, AnswerOutcome.TOO_MANY)
    assert assembly.catalog.is_list


@given(
    st.lists(
        st.tuples(
            st.sampled_from([SN, 4, None]),
            st.builds(
                CatalogPart,
                st.none() | st.integers(0, 5),
                st.lists(st.builds(CatalogItem, st.sampled_from("abcd")), max_size=4).map(tuple),
                st.integers(0, 2),
            ),
            st.floats(0, 20),
        ),
        max_size=12,
    ),
    st.integers(0, 3),
)
def test_whatever_comes_it_ends_and_invents_nothing(
    messages: list[tuple[int | None, CatalogPart, float]], known_items: int
) -> None:
    assembly = CatalogAssembly(SN, asked_s=0.0, known_items=known_items)
    now_s, ours, all_of_them = 0.0, set[str](), set[str]()
    for sn, message, wait_s in messages:
        now_s += wait_s
        assembly.handle_timer(now_s)
        if assembly.receive(sn, message, now_s):
            all_of_them |= {item.item_id for item in message.items}
            ours |= {item.item_id for item in message.items if sn == SN}
    timer = assembly.get_timer()
    if timer is not None:
        assert timer <= 600.0
        assembly.handle_timer(timer)
    assert assembly.catalog is not None
    found = set(ids(assembly.catalog))
    assert ours <= found <= all_of_them


# --- news


def test_news_by_notification() -> None:
    known = {
        number: CatalogItem(f"3402000000132000000{number}", f"{number}号", is_online=number != 2)
        for number in range(1, 7)
    }
    content = manscdp.parse(corpus("catalog-notify.xml")).content
    assert isinstance(content, CatalogChange)
    after = changed({item.item_id: item for item in known.values() if item.name != "5号"}, content.items)
    assert {item_id[-1]: (item.name, item.is_online, item.event) for item_id, item in after.items()} == {
        "1": ("1号", False, None),
        "2": ("2号", True, None),
        "3": ("3号", False, None),
        "5": ("新", None, None),
        "6": ("改", None, None),
    }


def test_news_by_an_unasked_answer() -> None:
    known = {EAST: CatalogItem(EAST, "东门", is_online=True), WEST: CatalogItem(WEST, "西门", is_online=True)}
    content = manscdp.parse(corpus("catalog-unsolicited-single.xml")).content
    assert isinstance(content, CatalogPart)
    assert changed(known, content.items) == {EAST: known[EAST], WEST: CatalogItem(WEST, "西门", is_online=False)}


def test_news_do_not_let_a_list_grow_without_bound() -> None:
    known = {str(number): CatalogItem(str(number)) for number in range(MAX_ITEMS)}
    assert changed(known, [CatalogItem("x", "x", event="ADD"), CatalogItem("y", event="DEL")]) == known


def test_a_defect_is_a_state() -> None:
    known = {"a": CatalogItem("a", "a", is_online=True)}
    assert changed(known, [CatalogItem("a", event="DEFECT")]) == {"a": CatalogItem("a", "a", is_online=False)}


def test_a_channel_that_is_new_and_has_a_state() -> None:
    assert changed({}, [CatalogItem("a", "a", is_online=True, event="OFF")]) == {
        "a": CatalogItem("a", "a", is_online=False)
    }
