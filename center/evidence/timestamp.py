"""Answers time-stamp requests as the centre's own authority (RFC 3161), and reads the responses.

A stamp proves that the stamped bytes existed when the clock of this centre showed that time, as long as the key was
kept secret. The authority is no third party: the centre's operator can set its clock. docs/evidence.md says what
follows.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from asn1crypto import core, tsp

from center.evidence import cms
from center.evidence.signer import Signer

MAX_BYTES: Final = 64 * 1024
_GRANTED: Final = "granted"


class _Response(core.Sequence):  # type: ignore[misc] # asn1crypto has no types
    """TimeStampResp; asn1crypto's own does not know that a rejection has no token."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", tsp.ContentInfo, {"optional": True}),
    ]


NextSerial = Callable[[int, str], int]
"""(moment in ms, imprint in hex) → a number that no other stamp of this authority has; durable once returned."""


class BadStampError(ValueError):
    """Not a granted time stamp, or not one over these bytes."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Content of a time stamp with a right signature. `trust` decides if its authority is trusted."""

    at: datetime
    serial: int
    policy: str
    accuracy_ms: int | None
    nonce: int | None
    signed: cms.Signed


def request(data: bytes, *, policy: str, nonce: int) -> bytes:
    """Makes a TimeStampReq over SHA-256 of `data`, for a stamp that carries its certificate."""
    made: bytes = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": hashlib.sha256(data).digest(),
            },
            "req_policy": policy,
            "nonce": nonce,
            "cert_req": True,
        }
    ).dump()
    return made


class StampAuthority:
    """Signs time stamps. Blocks for a write to the disk: call it from a worker thread."""

    def __init__(self, signer: Signer, *, policy: str, next_serial: NextSerial) -> None:
        self._signer = signer
        self._policy = policy
        self._next_serial = next_serial

    @property
    def certificate_ends(self) -> datetime:
        """Time from which its stamps prove nothing."""
        return self._signer.certificate.not_valid_after_utc

    def answer(self, asked: bytes, *, now_ms: int, accuracy_ms: int | None) -> bytes:
        """Answers a request with a TimeStampResp: granted, or a rejection with its reason.

        Raises:
            StoreUnavailableError: the serial number could not be stored; nothing was stamped.
        """
        try:
            wanted = _wanted(asked)
        except cms.MALFORMED:
            return _rejection("bad_data_format")
        if wanted.algorithm != "sha256" or len(wanted.imprint) != 32:
            return _rejection("bad_alg")
        if wanted.policy not in {None, self._policy}:
            return _rejection("unaccepted_policy")
        if wanted.extended or not wanted.with_certificate:
            # Every stamp carries its certificate: a court has nothing else to check it with.
            return _rejection("unaccepted_extensions" if wanted.extended else "bad_request")
        at = datetime.fromtimestamp(now_ms / 1000, UTC)
        info: dict[str, Any] = {
            "version": "v1",
            "policy": self._policy,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": wanted.imprint},
            "serial_number": self._next_serial(now_ms, wanted.imprint.hex()),
            "gen_time": at,
        }
        if accuracy_ms is not None:
            info["accuracy"] = _accuracy(accuracy_ms)
        if wanted.nonce is not None:
            info["nonce"] = wanted.nonce
        token = cms.sign(tsp.TSTInfo(info).dump(), self._signer, at=at, kind="tst_info")
        return _granted(token)


def read(answer: bytes, data: bytes) -> Stamp:
    """Parses a TimeStampResp over `data` and checks its signature.

    Raises:
        BadStampError: it is not a response, was not granted, or is over other bytes.
    """
    if len(answer) > MAX_BYTES:
        raise BadStampError(f"has more than {MAX_BYTES} bytes")
    try:
        return _read(answer, data)
    except cms.BadCmsError as error:
        raise BadStampError(f"its token {error}") from error
    except BadStampError:
        raise
    except cms.MALFORMED as error:
        raise BadStampError("is no time-stamp response that can be read") from error


def _read(answer: bytes, data: bytes) -> Stamp:
    response = _Response.load(answer, strict=True)
    status = response["status"]["status"].native
    if status != _GRANTED:
        raise BadStampError(f"was not granted: {status}")
    token = response["time_stamp_token"].dump()
    if _granted(token) != answer:
        raise BadStampError("was changed around its token")
    signed = cms.read(token, kind="tst_info")
    info = tsp.TSTInfo.load(signed.content, strict=True)
    imprint = info["message_imprint"]
    if imprint["hash_algorithm"]["algorithm"].native != "sha256":
        raise BadStampError("is not over SHA-256")
    if imprint["hashed_message"].native != hashlib.sha256(data).digest():
        raise BadStampError("is over other bytes")
    return Stamp(
        at=info["gen_time"].native,
        serial=info["serial_number"].native,
        policy=info["policy"].dotted,
        accuracy_ms=_milliseconds(info["accuracy"]),
        nonce=info["nonce"].native,
        signed=signed,
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    algorithm: str
    imprint: bytes
    policy: str | None
    nonce: int | None
    with_certificate: bool
    extended: bool


def _wanted(asked: bytes) -> _Wanted:
    if len(asked) > MAX_BYTES:
        raise ValueError("larger than any request")
    found = tsp.TimeStampReq.load(asked, strict=True)
    imprint, policy = found["message_imprint"], found["req_policy"]
    return _Wanted(
        algorithm=imprint["hash_algorithm"]["algorithm"].native,
        imprint=imprint["hashed_message"].native,
        policy=None if isinstance(policy, core.Void) else policy.dotted,
        nonce=found["nonce"].native,
        with_certificate=bool(found["cert_req"].native),
        extended=len(found["extensions"]) > 0,
    )


def _granted(token: bytes) -> bytes:
    made: bytes = _Response({"status": {"status": _GRANTED}, "time_stamp_token": tsp.ContentInfo.load(token)}).dump()
    return made


def _rejection(why: str) -> bytes:
    made: bytes = _Response({"status": {"status": "rejection", "fail_info": {why}}}).dump()
    return made


def _accuracy(ms: int) -> dict[str, int]:
    """Splits off whole seconds: `millis` is 1 to 999 or absent."""
    seconds, millis = divmod(ms, 1000)
    return {name: value for name, value in (("seconds", seconds), ("millis", millis)) if value}


def _milliseconds(accuracy: Any) -> int | None:
    if isinstance(accuracy, core.Void) or accuracy.native is None:
        return None
    stated = accuracy.native
    return int(stated["seconds"] or 0) * 1000 + int(stated["millis"] or 0)
