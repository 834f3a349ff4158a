"""Who may bring a file from a browser: the bearer of a permit of the centre, for this desk and camera, now, once."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from edge_agent.desk.browser.admission import Admission
from edge_agent.desk.browser.piece_file import FileGoneError, PieceFile, PieceReader
from edge_agent.desk.browser.protocol import PIECE_BYTES, allowed, camera_of, place_of, preflight_of
from edge_agent.desk.errors import Refused
from edge_agent.desk.http_server import DeskLimits
from edge_agent.remote_config.upload_commands import TaskOrders
from edge_agent.sources.upload.container import UnusableRecordingError, demuxer_of
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.documents import Power
from provisioning.signing.documents import SealError, SealKey
from tests.edge_agent.desk.browser.conftest import Opened, Paged
from tests.edge_agent.desk.browser.page import CONSOLE, MINUTE_MS, Permits
from tests.edge_agent.desk.premises import CAMERA, Papers, Premises, is_listening, request, street
from tests.edge_agent.world import FakeClock
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(300)


def test_each_wrong_permit_is_refused_by_name(opened: Opened, paged: Paged, permits: Permits, tmp_path: Path) -> None:
    opened()
    page = paged()
    stranger = SealKey.create(tmp_path / "stranger.key")
    now_ms = permits.now_ms()
    wrong = {
        "nothing": ("", "permit"),
        "no permit": ("AAAA", "permit"),
        "not base64": ("%%%", "permit"),
        "signed by another key": (permits.permit(key=stranger), "permit"),
        "a warrant that another seal signed": (permits.permit(warrant=permits.warranted(seal=stranger)), "permit"),
        "a warrant without the power": (permits.permit(warrant=permits.warranted(Power.CONTROL)), "permit"),
        "a warrant that has ended": (permits.permit(warrant=permits.warranted(days=-1)), "permit_expired"),
        "another desk": (permits.permit(agent_id="other"), "permit"),
        "another camera": (permits.permit(camera_id="yard"), "other_camera"),
        "another origin": (permits.permit(origin="https://evil.example"), "other_origin"),
        "ended": (
            permits.permit(issued_at_ms=now_ms - 9 * MINUTE_MS, expires_at_ms=now_ms - MINUTE_MS),
            "permit_expired",
        ),
        "of before this desk began": (permits.permit(issued_at_ms=now_ms - MINUTE_MS), "permit_used"),
    }
    told = {name: page.open(5_000_000, permit=permit) for name, (permit, _) in wrong.items()}
    assert {name: turn["error"] for name, (_, turn) in told.items()} == {
        name: word for name, (_, word) in wrong.items()
    }
    assert {status for status, _ in told.values()} <= {401, 403}


def test_a_permit_opens_one_file_and_no_second(opened: Opened, paged: Paged, permits: Permits) -> None:
    opened()
    page, permit = paged(), permits.permit()
    assert page.open(5_000_000, permit=permit)[0] == 200
    assert page.ask("DELETE", Wayside_Session=page.session)[0] == 200
    assert page.open(5_000_000, permit=permit)[1]["error"] == "permit_used"


def test_a_permit_is_kept_while_the_camera_is_busy(opened: Opened, paged: Paged, permits: Permits) -> None:
    opened()
    first, second, permit = paged(), paged(), permits.permit()
    assert first.open(5_000_000)[0] == 200
    assert second.open(5_000_000, permit=permit)[1]["error"] == "busy"
    assert first.ask("DELETE", Wayside_Session=first.session)[0] == 200
    assert second.open(5_000_000, permit=permit)[0] == 200
    assert second.open(5_000_000, permit=permit)[1]["error"] == "permit_used"


def test_a_newer_warrant_ends_the_older_also_after_a_restart(permits: Permits, tmp_path: Path) -> None:
    permits.orders.open_permit(permits.permit(warrant=permits.warranted(number=8)))
    again = TaskOrders(tmp_path, "street", None, FakeClock())
    assert again._state.warrant == 8
    with pytest.raises(SealError, match="not newer"):
        permits.orders.open_permit(permits.permit())


def test_a_session_ends_with_its_permit_and_goes_on_with_a_further_one(
    opened: Opened, paged: Paged, permits: Permits
) -> None:
    opened()
    page = paged()

    def opens() -> bool:
        return page.open(5_000_000, permit=permits.permit(expires_at_ms=permits.now_ms() + 1500))[0] == 200

    until(opens)  # a machine that stands still brings one that has ended
    until(lambda: page.put(None)[0] == 401)
    assert page.put(0, bytes(PIECE_BYTES))[1]["error"] == "permit_expired"
    others = permits.permit(actor="boris")
    assert page.ask("PATCH", Wayside_Session=page.session, Authorization=f"Wayside-Permit {others}")[0] == 403
    further = permits.permit()
    assert page.ask("PATCH", Wayside_Session=page.session, Authorization=f"Wayside-Permit {further}")[0] == 200
    assert page.put(None)[1]["wants"] == {"at": 0, "size": PIECE_BYTES}


def test_a_session_of_another_is_of_no_use(opened: Opened, paged: Paged) -> None:
    opened(cameras=(CAMERA, "yard"))
    page, other = paged(), paged("yard")
    assert page.open(5_000_000)[0] == 200
    assert other.open(5_000_000)[0] == 200
    for wrong in ("", "0" * 32, other.session):
        status, turn = page.ask("PUT", b"", Wayside_Session=wrong)
        assert (status, turn["error"]) == (410, "session_unknown")


def test_a_page_of_another_site_is_not_answered(opened: Opened, paged: Paged, permits: Permits) -> None:
    opened()
    for origin in ("https://evil.example", "http://centre.example", "https://centre.example.evil.example", "null", ""):
        page = paged(origin=origin)
        asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
        assert page.ask("OPTIONS", None, **asked)[0] == 403
        assert page.open(5_000_000, permit=permits.permit())[0] == 403


def test_a_preflight_allows_what_the_page_sends_and_no_more() -> None:
    def asked(origin: str, method: str, headers: str) -> dict[str, str] | None:
        given = {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
        }
        return allowed(preflight_of(CIMultiDictProxy(CIMultiDict(given))), CONSOLE)

    told = asked(CONSOLE, "PUT", "wayside-at, Wayside-Session")
    assert told is not None
    assert told["Access-Control-Allow-Origin"] == CONSOLE
    assert "Access-Control-Allow-Credentials" not in told
    assert asked(CONSOLE, "TRACE", "") is None
    assert asked(CONSOLE, "GET", "") is None
    assert asked(CONSOLE, "PUT", "cookie") is None
    assert asked("https://evil.example", "PUT", "") is None


def test_what_cannot_be_taken_is_refused_before_a_byte_of_it_came(opened: Opened, paged: Paged) -> None:
    opened(limits=DeskLimits(upload_bytes=2**30))
    page = paged()
    assert page.open(2**30 + 1)[1]["error"] == "too_large"
    assert page.open(0)[1]["error"] == "unreadable"
    assert page.open(100, started_at_ms=1)[1]["error"] == "implausible_start"
    assert page.open(100, started_at_ms=page.permits.now_ms() + MINUTE_MS)[1]["error"] == "implausible_start"
    assert paged("nowhere").open(100)[1]["error"] == "camera_unknown"
    html = paged().bring(b"<!DOCTYPE html><title>street.mp4</title>" + bytes(5000))
    assert html["problem"]["error"] == "unknown_container"
    playlist = paged().bring(b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nfile:///etc/passwd\n" + bytes(5000))
    assert playlist["problem"]["error"] == "unknown_container"
    hollow = paged().bring(b"\x1a\x45\xdf\xa3" + bytes(5000))
    assert hollow["problem"]["error"] == "unreadable"


def test_a_desk_without_a_console_has_no_way_for_browsers(closed_desk: Premises) -> None:
    place = closed_desk.papers.place()
    for method in ("OPTIONS", "POST", "PUT"):
        status, body = request(place, method, f"/cameras/{CAMERA}/file", b"")
        assert (status, json.loads(body)["error"]) == (404, "not_found")


def test_neither_permit_nor_purpose_is_logged(
    opened: Opened, paged: Paged, permits: Permits, papers: Papers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    opened()
    assert is_listening(papers.port)
    permit = permits.permit()
    page = paged()
    page.open(5_000_000, permit=permit)
    page.ask("DELETE", Wayside_Session=page.session)
    paged().bring(street(tmp_path / "street.mp4").read_bytes())
    paged().open(5, permit=permit)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "camera=gate actor=ona end=complete" in logged
    for secret in (permit, permit[:40], page.session, "north gate"):
        assert secret not in logged


# --- parsers


@given(st.text(max_size=60) | st.from_regex(r"/cameras/[ -~]{0,70}/file.{0,3}", fullmatch=True))
def test_any_address_is_a_camera_or_none(target: str) -> None:
    found = camera_of(target)
    assert found is None or target == f"/cameras/{found}/file"


@given(st.text(max_size=30))
def test_any_place_is_a_number_or_refused(text: str) -> None:
    headers = CIMultiDictProxy(CIMultiDict({"Wayside-At": text}))
    try:
        assert place_of(headers) == int(text)
    except Refused as refused:
        assert refused.code == "malformed"  # noqa: PT017 - the one


@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=300))
def test_any_preflight_is_allowed_to_the_console_or_to_nobody(origin: str, method: str, headers: str) -> None:
    given_headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    told = allowed(preflight_of(CIMultiDictProxy(CIMultiDict(given_headers))), CONSOLE)
    assert told is None or origin == CONSOLE


@given(st.binary(max_size=500))
def test_any_beginning_names_a_demuxer_or_is_refused(head: bytes) -> None:
    try:
        assert demuxer_of(head) in {"matroska", "mov", "avi", "mpegts", "mpeg", "flv", "dhav"}
    except UnusableRecordingError as error:
        assert error.code == "unknown_container"  # noqa: PT017 - the one


@given(st.data())
def test_any_text_is_a_permit_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    permits = Permits(tmp_path_factory.mktemp("permits"))
    admission = Admission(permits.orders.open_permit, CONSOLE, FakeClock())
    good = permits.permit()
    at = data.draw(st.integers(0, len(good) - 1))
    changed = good[:at] + data.draw(st.text(max_size=5)) + good[at + data.draw(st.integers(0, 5)) :]
    for text in (changed, data.draw(st.text(max_size=200))):
        try:
            permits.orders.open_permit(text)
        except (SealError, ContractError):
            with pytest.raises(Refused):
                admission.check(f"Wayside-Permit {text}", CAMERA)
        else:
            # The unused bits of the last digit, and padding, may be written in several ways: the content is the same.
            assert text[: len(good) - 4] == good[: len(good) - 4]


@given(st.binary(min_size=1, max_size=300), st.lists(st.tuples(st.integers(-400, 400), st.integers(0, 2)), max_size=8))
def test_a_reader_moves_and_reads_as_a_file_does(content: bytes, moves: list[tuple[int, int]]) -> None:
    file = PieceFile(len(content), lambda: None)
    file._kept[0] = content
    reader, like = PieceReader(file), BytesIO(content)
    for offset, whence in moves:
        base = (0, like.tell(), len(content))[whence]
        like.seek(max(0, base + offset))
        assert reader.seek(offset, whence) == like.tell()
        assert reader.read(7) == like.read(7)
        assert reader.tell() == like.tell()
    file.close()
    reader.seek(0)
    with pytest.raises(FileGoneError):
        reader.read(1)
