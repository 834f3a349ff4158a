"""What is ordered: bundles as files hold them, and what people type."""

import base64
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.enrolment.request import EnrolmentOrder, check_fingerprint, read_bundle
from edge_agent.errors import EnrolmentError
from provisioning.contracts.fleet.enrolment import Bundle
from provisioning.signing.documents import SealKey, pack_bundle

CODE = "7K2M-Q0ZX-AAAA-1234"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> str:
    seal_key = SealKey.create(tmp_path_factory.mktemp("seal") / "seal.key")
    bundle = Bundle(
        host="enrol.example", port=8843, pin="ab" * 32, site_id="east-gate", agent_id="cabinet-7", code=CODE,
        expires_at_ms=1, seal_key=seal_key.seal.key,
    )  # fmt: skip
    return pack_bundle(seal_key.sign_bundle(bundle))


def error_of(data: bytes) -> str:
    with pytest.raises(EnrolmentError) as caught:
        read_bundle(io.BytesIO(data))
    text = str(caught.value)
    assert CODE not in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize("shape", ["{}", "{}\n", "  {}\r\n\r\n", "\ufeff{}\n"])
def test_a_bundle_as_editors_leave_it(line: str, shape: str) -> None:
    bundle = read_bundle(io.BytesIO(shape.format(line).encode()))
    assert bundle.code == CODE
    order = EnrolmentOrder.of(bundle)
    assert (order.host, order.agent_id, order.seal_key) == ("enrol.example", "cabinet-7", bundle.seal_key)
    assert CODE not in repr(order) + repr(bundle)


def test_a_bundle_as_mail_programs_wrap_it(line: str) -> None:
    wrapped = "\r\n ".join(line[at : at + 76] for at in range(0, len(line), 76))
    assert read_bundle(io.BytesIO(wrapped.encode())).code == CODE


def test_what_is_no_bundle(line: str) -> None:
    assert "is empty" in error_of(b"")
    assert "is empty" in error_of(b" \n\t")
    assert "no bundle" in error_of(b"Dear colleague,\n")
    assert "no bundle" in error_of(bytes(range(256)) * 8)
    assert "no bundle" in error_of(line.encode("utf-16"))
    assert "damaged" in error_of(line[:-20].encode())
    assert "damaged" in error_of(line.encode() * 2)
    assert "too large" in error_of(b"W" * 10_000_000)


def test_a_bundle_that_was_changed(line: str) -> None:
    sealed = base64.urlsafe_b64decode(line.removeprefix("WAYSIDE1."))
    changed = sealed.replace(b"enrol.example", b"enro1.example")
    assert changed != sealed
    text = error_of(b"WAYSIDE1." + base64.urlsafe_b64encode(changed))
    assert "changed after it was made" in text


def test_a_file_that_cannot_be_read() -> None:
    with Path("/proc/self/mem").open("rb") as file, pytest.raises(EnrolmentError, match="cannot be read"):
        read_bundle(file)


@given(st.one_of(st.binary(max_size=3000), st.binary(max_size=500).map(lambda data: b"WAYSIDE1." + data)))
def test_any_bytes_are_a_bundle_or_an_error(data: bytes) -> None:
    error_of(data)


@given(data=st.data())
def test_any_change_of_a_bundle_is_an_error(line: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(line) - 1))
    other = data.draw(st.characters(codec="ascii"))
    changed = line[:at] + other + line[at + 1 :]
    if changed == line:
        return
    try:
        read = read_bundle(io.BytesIO(changed.encode()))
    except EnrolmentError:
        return
    assert read.code == CODE  # the last bits of base64's last letter carry nothing


@pytest.mark.parametrize(
    ("server", "host", "port"),
    [
        ("enrol.example:9000", "enrol.example", 9000),
        ("enrol.example", "enrol.example", 8843),
        (" 192.0.2.1:8843\n", "192.0.2.1", 8843),
        ("[2001:db8::1]:8843", "2001:db8::1", 8843),
        ("[2001:db8::1]", "2001:db8::1", 8843),
    ],
)
def test_a_server_as_it_is_typed(server: str, host: str, port: int) -> None:
    order = EnrolmentOrder.typed(server=server, pin=" AB:ab" * 16, site="east-gate ", agent="cabinet-7")
    assert (order.host, order.port, order.pin, order.site_id) == (host, port, "ab" * 32, "east-gate")


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"server": ""}, "--server"),
        ({"server": "enrol.example:"}, "--server"),
        ({"server": "enrol.example:99999"}, "--server"),
        ({"server": "2001:db8::1"}, "--server"),
        ({"server": "https://enrol.example"}, "--server"),
        ({"server": "a b"}, "--server"),
        ({"pin": "ab" * 31}, "--pin"),
        ({"pin": ""}, "--pin"),
        ({"site": "East"}, "--site"),
        ({"agent": ""}, "--agent"),
        ({"agent": "cluster"}, "--agent"),
        ({"site": "", "agent": ""}, "--site, --agent"),
    ],
)
def test_what_cannot_be_meant_is_named_by_its_option(changes: dict[str, str], option: str) -> None:
    good = {"server": "enrol.example", "pin": "ab" * 32, "site": "east-gate", "agent": "cabinet-7"}
    with pytest.raises(EnrolmentError) as caught:
        EnrolmentOrder.typed(**good | changes)
    assert str(caught.value).startswith(f"{option}: ")


@given(st.text(max_size=80))
def test_any_server_is_an_order_or_an_error(server: str) -> None:
    try:
        order = EnrolmentOrder.typed(server=server, pin="ab" * 32, site="east-gate", agent="cabinet-7")
    except EnrolmentError:
        return
    assert order.host in server


def test_fingerprints() -> None:
    key = "0123456789abcdef" * 4
    check_fingerprint(key, key)
    check_fingerprint(key, "0123 4567 89AB CDEF")
    for wrong in (key[:15], "", "xyz", "fedcba9876543210", key + "0", "０１２３４５６７８９abcdef"):
        with pytest.raises(EnrolmentError):
            check_fingerprint(key, wrong)
