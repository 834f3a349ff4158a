"""Sites, agents, codes and certificates: what is taken, what is refused, and what a crash in the middle leaves."""

import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.contracts.fleet.enrolment import CODE_ALPHABET, normal_code
from provisioning.errors import EnrolmentRefused, RegisterError
from provisioning.home.agents import Certificate, Register
from provisioning.home.database import RegisterFile
from tests.support.office import DAY_MS, START_MS, Clock

KEYS = ("key of box 1", "key of box 2", "key of box 3")
LIFE_MS = 90 * DAY_MS


@pytest.fixture
def register(tmp_path: Path) -> Register:
    made = Register(RegisterFile.create(tmp_path / "register.sqlite3"), Clock())
    made.add_site("north", "North", 31.3, 120.6)
    made.add_agent("a-1", "north")
    return made


def spend(register: Register, code: str, *, key: str = KEYS[0], serial: str = "1") -> Certificate:
    made = Certificate(serial, "a-1", "PEM", START_MS, START_MS + LIFE_MS)
    return register.enrol(
        code, site_id="north", agent_id="a-1", key_sha256=key, secrets_key="0" * 64, sign=lambda: made
    )


@given(st.text(CODE_ALPHABET, min_size=16, max_size=16), st.randoms(use_true_random=False))
def test_a_code_is_understood_however_it_is_typed(letters: str, chance: object) -> None:
    pick = chance.choice  # type: ignore[attr-defined]  # a random.Random
    alike = {"0": "0Oo", "1": "1IiLl"}
    typed = "".join(
        pick(("", "", " ", "-", " - ", "\t", "\u3000")) + pick(alike.get(letter, letter + letter.lower()))
        for letter in letters
    )
    assert normal_code(typed) == normal_code(letters)
    assert normal_code(letters).replace("-", "") == letters


@given(st.text())
def test_a_normal_code_stays_as_it_is(text: str) -> None:
    assert normal_code(normal_code(text)) == normal_code(text)


def test_codes_differ_and_only_their_hash_is_kept(register: Register, tmp_path: Path) -> None:
    codes = [register.new_code("a-1", DAY_MS)[0] for _ in range(50)]
    assert len(set(codes)) == 50
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not [code for code in codes if code.encode() in kept or code.replace("-", "").encode() in kept]


def test_a_box_that_lost_its_answer_gets_it_again_until_it_is_revoked(register: Register) -> None:
    code, _ = register.new_code("a-1", DAY_MS)
    assert spend(register, code) == spend(register, code, serial="2")
    register.revoke("a-1", "stolen")
    register.add_agent("a-1", "north", again=True)
    with pytest.raises(EnrolmentRefused, match="used already"):
        spend(register, code, serial="3")


def test_the_box_before_is_not_given_its_revoked_certificate_again(register: Register) -> None:
    first, _ = register.new_code("a-1", DAY_MS)
    spend(register, first)
    second, _ = register.new_code("a-1", DAY_MS)
    spend(register, second, key=KEYS[1], serial="2")
    with pytest.raises(EnrolmentRefused, match="used already"):
        spend(register, first, serial="3")


def test_of_two_boxes_with_one_code_at_one_moment_one_gets_it(register: Register) -> None:
    code, _ = register.new_code("a-1", DAY_MS)
    gate, won, lost = threading.Barrier(len(KEYS)), [], []

    def come(number: int) -> None:
        gate.wait()
        try:
            won.append(spend(register, code, key=KEYS[number], serial=str(number)))
        except EnrolmentRefused as refusal:
            lost.append(refusal.error)

    boxes = [threading.Thread(target=come, args=(number,)) for number in range(len(KEYS))]
    for box in boxes:
        box.start()
    for box in boxes:
        box.join()
    assert len(won) == 1
    assert lost == ["code_used"] * 2


def test_a_certificate_that_cannot_be_signed_spends_nothing(register: Register) -> None:
    code, _ = register.new_code("a-1", DAY_MS)

    def fail() -> Certificate:
        raise RegisterError("the key is not here")

    with pytest.raises(RegisterError, match="not here"):
        register.enrol(code, site_id="north", agent_id="a-1", key_sha256="k", secrets_key="0" * 64, sign=fail)
    assert register.code_stands(code, "a-1")
    assert spend(register, code).serial == "1"


def test_one_serial_is_never_two_certificates(register: Register) -> None:
    spend(register, register.new_code("a-1", DAY_MS)[0])
    with pytest.raises(RegisterError, match="UNIQUE"):
        register.renew("1", lambda: Certificate("1", "a-1", "PEM", START_MS, START_MS + LIFE_MS))


def test_numbers_grow_and_one_that_came_to_nothing_is_given_again(register: Register) -> None:
    first = START_MS // 1000
    assert register.numbered("list", lambda number: number) == first, "by the clock: a restored register is not behind"

    def fail(_number: int) -> None:
        raise RegisterError("the disk is full")

    with pytest.raises(RegisterError, match="disk"):
        register.numbered("list", fail)
    assert [register.numbered("list", lambda number: number) for _ in range(2)] == [first + 1, first + 2]
    assert register.numbered("other", lambda number: number) == first


@pytest.mark.parametrize(
    ("name", "latitude", "longitude", "said"),
    [
        ("", None, None, "1 to 128 characters"),
        ("x" * 129, None, None, "1 to 128 characters"),
        ("North\ngate", None, None, "no line break"),
        ("North", 31.3, None, "go together"),
        ("North", None, 120.6, "go together"),
        ("North", 120.6, 31.3, "no place"),
        ("North", float("nan"), 120.6, "no place"),
    ],
)
def test_what_is_no_site_is_not_added(
    register: Register, name: str, latitude: float | None, longitude: float | None, said: str
) -> None:
    with pytest.raises(RegisterError, match=said):
        register.add_site("south", name, latitude, longitude)


def test_a_site_and_an_agent_stay_what_and_where_they_are(register: Register) -> None:
    assert register.add_site("north", "North", 31.3, 120.6) is False
    with pytest.raises(RegisterError, match=r"'North' at 31\.3, 120\.6"):
        register.add_site("north", "North", 31.3, 120.7)
    register.add_site("south", "South", None, None)
    with pytest.raises(RegisterError, match="at site north"):
        register.add_agent("a-1", "south")


def test_the_file_is_its_owners_and_is_never_made_over_another(tmp_path: Path) -> None:
    path = tmp_path / "register.sqlite3"
    RegisterFile.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(RegisterError, match="no register can be made here"):
        RegisterFile.create(path)


def test_a_register_that_is_missing_or_damaged_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="cannot be used"):
        Register(RegisterFile(tmp_path / "none"), Clock()).agents()
    assert not (tmp_path / "none").exists()
    (tmp_path / "damaged").write_bytes(b"x" * 4096)
    with pytest.raises(RegisterError, match="cannot be used"):
        Register(RegisterFile(tmp_path / "damaged"), Clock()).agents()


def test_a_transaction_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    file = RegisterFile.create(tmp_path / "register.sqlite3")

    def write_half() -> None:
        with file.writing() as db:
            db.execute("INSERT INTO site VALUES ('north', 'North', NULL, NULL, 1)")
            raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(RegisterError, match="disk I/O error"):
        write_half()
    with file.reading() as db:
        assert db.execute("SELECT count(*) FROM site").fetchone() == (0,)
