"""Signatures and time stamps: openssl's own requests are answered, numbers are never given twice, no bytes surprise."""

import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import tsp
from hypothesis import given
from hypothesis import strategies as st

from center.clock import ClockState, clock_state
from center.database.store import Store
from center.errors import StartError
from center.evidence import cms, timestamp
from center.evidence.export_store import Serials
from center.evidence.setup import open_sealer
from center.evidence.signer import Signer
from center.evidence.timestamp import StampAuthority
from center.evidence.trust import EVIDENCE, Roots, UntrustedError
from center.evidence.verify import verify
from provisioning.contracts.config.evidence import STAMP_POLICY
from tests.center.evidence.desk import Desk, export, open_desk
from tests.center.street import NOW_MS

NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
DATA = b"what is stamped"


def authority(desk: Desk) -> StampAuthority:
    return desk.sealer.stamps


def asked(**changed: object) -> bytes:
    fields = {
        "version": "v1",
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"h" * 32},
        "cert_req": True,
    }
    made: bytes = tsp.TimeStampReq(fields | changed).dump()
    return made


@pytest.mark.parametrize("more", [[], ["-no_nonce"], ["-tspolicy", STAMP_POLICY]], ids=["plain", "no-nonce", "policy"])
def test_a_request_of_openssl_is_answered_and_verified_by_openssl(desk: Desk, tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "data").write_bytes(DATA)

    def openssl(*words: str | Path) -> None:
        done = subprocess.run(["openssl", "ts", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    openssl("-query", "-data", "data", "-sha256", "-cert", *more, "-out", "query.tsq")
    answer = authority(desk).answer((tmp_path / "query.tsq").read_bytes(), now_ms=NOW_MS, accuracy_ms=1040)
    (tmp_path / "reply.tsr").write_bytes(answer)
    at = str(NOW_MS // 1000)
    openssl("-verify", "-queryfile", "query.tsq", "-in", "reply.tsr", "-CAfile", desk.root, "-attime", at)
    openssl("-verify", "-data", "data", "-in", "reply.tsr", "-CAfile", desk.root, "-attime", at, "-x509_strict")
    found = timestamp.read(answer, DATA)
    assert (found.at, found.policy, found.accuracy_ms) == (NOW, STAMP_POLICY, 1040)


@pytest.mark.parametrize(
    ("request_bytes", "why"),
    [
        (b"", "bad_data_format"),
        (b"\x30\x03\x02\x01\x01", "bad_data_format"),
        (b"x" * 70_000, "bad_data_format"),
        (
            asked(message_imprint={"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": b"h" * 20}),
            "bad_alg",
        ),
        (asked(message_imprint={"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"h"}), "bad_alg"),
        (asked(req_policy="1.2.3.4"), "unaccepted_policy"),
        (asked(cert_req=False), "bad_request"),
        (asked(extensions=[{"extn_id": "1.2.3.4", "critical": True, "extn_value": b""}]), "unaccepted_extensions"),
    ],
    ids=["empty", "short", "large", "sha1", "length", "policy", "certificate", "extension"],
)
def test_a_request_that_cannot_be_met_is_rejected_with_its_reason(desk: Desk, request_bytes: bytes, why: str) -> None:
    answer = authority(desk).answer(request_bytes, now_ms=NOW_MS, accuracy_ms=None)
    with pytest.raises(timestamp.BadStampError, match="rejection"):
        timestamp.read(answer, DATA)
    shown = subprocess.run(
        ["openssl", "ts", "-reply", "-in", "/dev/stdin", "-text"], input=answer, capture_output=True, check=False
    ).stdout.decode()
    assert "Status: Rejected." in shown
    assert timestamp._Response.load(answer)["status"]["fail_info"].native == {why}


def test_serial_numbers_grow_over_restarts_and_after_an_older_database_was_restored(tmp_path: Path) -> None:
    path = tmp_path / "center.sqlite3"
    numbers = []
    for _ in range(2):
        store = Store(path)
        store.migrate()
        serials = Serials(store)
        numbers += [
            serials.next(NOW_MS, "a" * 64),
            serials.next(NOW_MS, "b" * 64),
            serials.next(NOW_MS - 5000, "c" * 64),
        ]
        store.close()
    assert numbers == sorted(set(numbers))
    path.unlink()
    store = Store(path)
    store.migrate()
    assert Serials(store).next(NOW_MS + 60_000, "d" * 64) > numbers[-1]
    store.close()


@pytest.mark.parametrize(
    ("state", "accuracy_ms"),
    [
        (ClockState(synchronised=True, max_error_ms=40), 1000),
        (ClockState(synchronised=True, max_error_ms=2600), 2600),
        (ClockState(synchronised=False, max_error_ms=None), None),
        (ClockState(synchronised=None, max_error_ms=None), None),
    ],
    ids=["good", "poor", "unsynchronised", "unknown"],
)
def test_an_accuracy_is_stated_only_while_something_disciplines_the_clock(
    desk: Desk, tmp_path: Path, state: ClockState, accuracy_ms: int | None
) -> None:
    archive = tmp_path / "evidence.zip"
    manifest = export(replace(desk.sealer, clock_state=lambda: state), archive, pictures=1)
    assert verify(archive, desk.roots).accuracy_ms == accuracy_ms
    assert manifest.clock.synchronised == state.synchronised
    assert manifest.clock.source.startswith("chrony")


def test_the_kernel_says_how_its_clock_is() -> None:
    state = clock_state()
    assert (state.max_error_ms is not None) == (state.synchronised is True)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    desk = open_desk(tmp_path)
    desk.settings.signing_key_file.chmod(0o640)
    with pytest.raises(StartError, match="chmod 600"):
        _open(desk)


def test_certificates_for_another_use_and_keys_of_another_are_refused(tmp_path: Path) -> None:
    desk = open_desk(tmp_path)
    cluster = desk.identities.issue("cluster", now=NOW)
    settings = desk.settings
    for wrong, why in (
        ({"signing_cert_file": settings.stamp_cert_file, "signing_key_file": settings.stamp_key_file}, "for this use"),
        ({"signing_cert_file": cluster.cert_file, "signing_key_file": cluster.key_file}, "for this use"),
        ({"stamp_cert_file": settings.signing_cert_file, "stamp_key_file": settings.signing_key_file}, "for this use"),
        ({"signing_key_file": settings.stamp_key_file}, "is not the key of"),
        ({"signing_cert_file": tmp_path / "none"}, "cannot be used"),
    ):
        with pytest.raises(StartError, match=why):
            _open(replace(desk, settings=settings.model_copy(update=wrong)))


def _open(desk: Desk) -> None:
    store = Store(desk.root.parent / "x.sqlite3")
    open_sealer(desk.settings, Roots.load(desk.root), Serials(store), lambda: NOW_MS)


def test_the_two_certificates_are_for_their_use_alone(desk: Desk) -> None:
    shown = {
        name: subprocess.run(
            ["openssl", "x509", "-in", desk.identities.identity(name).cert_file, "-noout", "-ext", "extendedKeyUsage"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in ("evidence", "timestamp")
    }
    assert "critical" in shown["timestamp"]
    assert shown["timestamp"].splitlines()[1].strip() == "Time Stamping"
    assert "E-mail Protection" in shown["evidence"]
    assert "Time Stamping" not in shown["evidence"]


@pytest.fixture(scope="session")
def signature(desk: Desk) -> bytes:
    return cms.sign(DATA, desk.sealer.signer, at=NOW)


@pytest.fixture(scope="session")
def answer(desk: Desk) -> bytes:
    asked_for = timestamp.request(DATA, policy=STAMP_POLICY, nonce=5)
    return authority(desk).answer(asked_for, now_ms=NOW_MS, accuracy_ms=7)


def _changed(data: st.DataObject, good: bytes) -> bytes:
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    return bytes(changed)


@given(data=st.data())
def test_bytes_that_are_nearly_a_signature_raise_nothing_else(
    data: st.DataObject, desk: Desk, signature: bytes
) -> None:
    with suppress(cms.BadCmsError, UntrustedError):
        found = cms.read(_changed(data, signature), detached=DATA)
        desk.roots.check(found.leaf, found.chain, at=NOW, usage=EVIDENCE)
        assert found.leaf == desk.sealer.signer.certificate


@given(data=st.data())
def test_bytes_that_are_nearly_a_stamp_raise_nothing_else(data: st.DataObject, answer: bytes) -> None:
    with suppress(timestamp.BadStampError):
        found = timestamp.read(_changed(data, answer), DATA)
        assert (found.at, found.accuracy_ms) == (NOW, 7)


@given(data=st.data())
def test_bytes_that_are_nearly_a_request_are_answered(data: st.DataObject, desk: Desk) -> None:
    request = _changed(data, timestamp.request(DATA, policy=STAMP_POLICY, nonce=5))
    assert authority(desk).answer(request, now_ms=NOW_MS, accuracy_ms=None).startswith(b"\x30")


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_no_signature_no_stamp_and_no_request(garbage: bytes) -> None:
    with pytest.raises(cms.BadCmsError):
        cms.read(garbage, detached=DATA)
    with pytest.raises(timestamp.BadStampError):
        timestamp.read(garbage, DATA)


def test_a_signer_is_what_it_says(desk: Desk, signature: bytes) -> None:
    assert isinstance(desk.sealer.signer, Signer)
    found = cms.read(signature, detached=DATA)
    assert found.signed_at == NOW
    assert found.leaf == desk.identities.certificate("evidence")
