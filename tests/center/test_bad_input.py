"""What nobody should send, to a centre that serves: over real HTTP, since clients in process tidy up what they send."""

import base64
import json
import select
import socket
from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from center.middleware import MAX_BODY_BYTES
from tests.center.street import AGENT
from tests.center.whole import ADMINISTRATOR, Whole, whole_centre
from tests.support.waiting import LONG_S

MIB: Final = 1024 * 1024
UPLOAD_MIB: Final = 100


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as centre:
        yield centre


@pytest.fixture
def browser(whole: Whole) -> Iterator[httpx.Client]:
    with whole.browser(ADMINISTRATOR) as client:
        yield client


def _sent(whole: Whole, head: str, chunks: int) -> tuple[bytes, int]:
    """Send a head and then chunks of a mebibyte until the centre has had enough; its answer, and how many went out."""
    host, port = whole.url.removeprefix("http://").split(":")
    chunk = b"%x\r\n" % MIB + b" " * MIB + b"\r\n"
    sent = 0
    with socket.create_connection((host, int(port)), timeout=LONG_S) as line:
        cookie = whole.cookie(ADMINISTRATOR)["Cookie"]
        line.sendall(f"{head}\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
        try:
            for _ in range(chunks):
                line.sendall(chunk)
                sent += 1
                if select.select([line], [], [], 0)[0]:
                    break
        except (BrokenPipeError, ConnectionResetError):
            pass  # it hung up: that is the point
        return b"".join(iter(lambda: _received(line), b"")), sent


def _received(line: socket.socket) -> bytes:
    """Read what came; nothing where the centre is done, in whichever way it hung up on us."""
    try:
        return line.recv(65536)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("path", ["/api/login", "/api/assessment/register", "/api/rules", "/api/evidence"])
def test_an_upload_without_a_length_that_does_not_end_is_cut_off(whole: Whole, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close"
    answer, sent = _sent(whole, head, UPLOAD_MIB)
    assert sent < UPLOAD_MIB
    assert answer.startswith(b"HTTP/1.1 413"), answer[:200]
    assert b"too_large" in answer
    assert httpx.get(f"{whole.url}/api/health", timeout=LONG_S).status_code == 200


def test_an_upload_that_says_how_large_it_is_is_refused_before_it_comes(whole: Whole) -> None:
    head = f"POST /api/assessment/register HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: {UPLOAD_MIB * MIB}"
    answer, _ = _sent(whole, head, 0)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:200]


@pytest.mark.parametrize(
    "noun", ["observations", "evidence", "districts", "users", f"cameras/{AGENT}", "rules", "static"]
)
@pytest.mark.parametrize(
    "tail",
    ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "%252e%252e%252f", "%00", "a%00b", "%0a",
     "%ff%fe", "%c0%ae%c0%ae/", "'%3B%20DROP%20TABLE%20users%3B--", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "%E2%80%AE"],
    ids=range(12),
)  # fmt: skip
def test_an_address_that_is_a_trick_finds_nothing(whole: Whole, noun: str, tail: str) -> None:
    prefix = "" if noun == "static" else "/api"
    answer, _ = _sent(whole, f"GET {prefix}/{noun}/{tail} HTTP/1.1\r\nConnection: close", 0)
    assert answer.split(b" ")[1] in {b"400", b"404", b"422"}, answer[:200]
    assert b"root:" not in answer
    assert b"<script>" not in answer


def _unsigned(claims: dict[str, object]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


@pytest.mark.parametrize("as_cookie", [True, False])
def test_a_token_that_nobody_signed_is_nobody(whole: Whole, *, as_cookie: bool) -> None:
    token = _unsigned({"sub": ADMINISTRATOR, "exp": 2**33, "roles": ["administrator"]})
    headers = {"Cookie": f"wayside_session={token}"} if as_cookie else {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{whole.url}/api/cameras", headers=headers, timeout=LONG_S)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in")


@pytest.mark.parametrize("at_ms", [0, 1, 2**31 * 1000, 2**31 * 1000 - 1, 4_102_444_800_000], ids=str)
def test_times_of_1970_and_2038_are_times_like_others(browser: httpx.Client, at_ms: int) -> None:
    span = {"from_ms": at_ms, "to_ms": at_ms + 3_600_000}
    answer = browser.get("/api/observations", params=span)
    assert answer.status_code in {200, 422}
    assert answer.json().get("items", []) == []
    audit = browser.get("/api/audit", params=span)
    assert audit.status_code in {200, 422}, audit.text
    assert audit.status_code == 422 or audit.json() == []
    plan = {"scope": "fleet", **span, "reason": "a clock that was wrong"}
    assert browser.post("/api/assessment/maintenance", json=plan).status_code in {201, 422}


@pytest.mark.parametrize("period", ["1970-01", "2038-01", "2038-01-19", "2038-01-19T03", "0001-01", "9999-12"])
def test_an_assessment_of_a_time_without_cameras_has_none(browser: httpx.Client, period: str) -> None:
    answer = browser.get("/api/assessment/report", params={"period": period})
    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 200:
        assert answer.json()["fleet"]["hours"] == 0


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "'; DROP TABLE cameras; --", "=cmd|'/c calc'!A1"])
def test_a_name_is_text(whole: Whole, browser: httpx.Client, name: str) -> None:
    register = f'agent_id,camera_id,name\n{AGENT},cam-1,"{name}"\n'
    posted = browser.post("/api/assessment/register", content=register, headers={"Content-Type": "text/csv"})
    assert posted.status_code == 200, posted.text
    listed = browser.get("/api/assessment/register")
    assert name in [item["name"] for item in listed.json()["items"]]
    assert listed.headers["content-type"] == "application/json"
    assert listed.headers["x-content-type-options"] == "nosniff"
    assert len(register) < MAX_BODY_BYTES
