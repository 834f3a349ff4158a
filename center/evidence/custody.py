"""Describes a picture and its chain of custody. Facts that the archive does not have are named as missing.

People and redacted regions are not described: neither has a place in the results of these functions.
"""

import base64
import hashlib
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final

from center.clock import local, utc
from provisioning.contracts.query import statement
from provisioning.contracts.query.archive import HoldMark, Observation, SnapshotRow
from provisioning.contracts.wire.messages import ClockQuality

SEQUENCE_BITS: Final = 40
"""Bits of `commit_seq` for the writer's count; its epoch is above (provisioning/contracts/query/archive.py)."""
_CLOCK: Final = {
    ClockQuality.SYNCED: "sender's clock, tied to NTP or to a start time that was given",
    ClockQuality.ARRIVAL: "agent's clock at arrival; off by network and decode delay",
    ClockQuality.UNKNOWN: "device's own clock, compared with nothing",
}
_NOT_SAID: Final = "the row was archived before it was recorded whether agent or parser found the machines"
_NOT_SIGNED: Final = (
    "agents sign no single picture of a camera: who sent it is known from the agent's certificate in the mutual TLS"
    " connection to the broker, whose access file ties the topic to that name; what is kept of the message is its"
    " SHA-256"
)
_NOT_KEPT: Final = (
    "the envelope as it was sent is not archived, so its SHA-256 cannot be computed again; the picture's can"
)


def moment(at_ms: int) -> dict[str, Any]:
    """Formats one time in every form: milliseconds, UTC and local."""
    return {"ms_since_1970_utc": at_ms, "utc": utc(at_ms), "local": local(at_ms)}


def metadata(item: Observation, *, camera_name: str, picture_bytes: int) -> dict[str, Any]:
    """Makes `metadata.json` of one picture. Boxes are in pixels of that picture, `x1`/`y1` exclusive."""
    row = item.snapshot
    return {
        "row_key": row.row_key,
        "camera": {"id": row.camera_id, "name": camera_name or None},
        "agent": row.agent_id,
        "captured": moment(row.captured_at_ms)
        | {"trusted": row.time_trusted, "clock": row.clock.value, "clock_means": _CLOCK[row.clock]},
        "picture": {
            "file": "picture.jpg",
            "sha256": row.picture_sha256,
            "bytes": picture_bytes,
            "width": row.width,
            "height": row.height,
        },
        "machines": [
            {
                "index": machine.index,
                "class": machine.cls.value,
                "score": machine.score,
                "box": machine.box.model_dump(),
                "colour": None if machine.colour is None else machine.colour.value,
            }
            for machine in item.machines
        ],
    }


def links(item: Observation, *, folder: str, holds: Sequence[HoldMark] = ()) -> dict[str, Any]:
    """Makes the entry of one observation in `chain-of-custody.json`, from the camera to the archive's commit."""
    row = item.snapshot
    missing = {"message.envelope": _NOT_KEPT}
    if row.signature is None:
        missing["message.agent_signature"] = _NOT_SIGNED
    if row.detector is None or row.detector_sha256 is None:
        missing["parser.detector"] = "the row was archived before detectors were recorded, or had none"
    if row.found_at is None:
        missing["parser.found_at"] = _NOT_SAID
    return {
        "row_key": row.row_key,
        "folder": folder,
        "capture": moment(row.captured_at_ms)
        | {
            "camera": row.camera_id,
            "agent": row.agent_id,
            "source_key": row.source_key,
            "clock": row.clock.value,
            "trusted": row.time_trusted,
        },
        "redaction": {"policy": row.redaction.policy, "models_sha256": dict(sorted(row.redaction.models.items()))},
        "picture_sha256": row.picture_sha256,
        "message": {"sha256": row.message_sha256, "received": moment(row.received_at_ms)}
        | {"agent_signature": _signature(row)},
        "parser": {
            "detector": row.detector,
            "model_sha256": row.detector_sha256,
            "found_at": None if row.found_at is None else row.found_at.value,
        },
        "commit": {
            "sequence": row.commit_seq,
            "epoch": row.commit_seq >> SEQUENCE_BITS,
            "number": row.commit_seq & ((1 << SEQUENCE_BITS) - 1),
            "committed": moment(row.committed_at_ms),
        },
        "legal_holds": [
            {
                "name": hold.name,
                "case": hold.case,
                "placed": moment(hold.placed_at_ms),
                "until": moment(hold.until_ms),
            }
            for hold in holds
        ],
        "missing": missing,
    }


def _signature(row: SnapshotRow) -> dict[str, Any] | None:
    """Returns all that `openssl dgst -sha256 -verify` needs, besides the authority's certificate."""
    if row.signature is None:
        return None
    try:
        fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(row.signature.certificate)).hexdigest()
    except ValueError:  # not PEM: shown as it is; it cannot be verified
        fingerprint = None
    return {
        "algorithm": "ECDSA P-256 with SHA-256, DER",
        "certificate": row.signature.certificate,
        "certificate_sha256": fingerprint,
        "signed_base64": base64.b64encode(statement.of_row(row)).decode(),
        "value_base64": base64.b64encode(bytes.fromhex(row.signature.value)).decode(),
    }


def document(chains: list[dict[str, Any]], *, software: Mapping[str, str]) -> dict[str, Any]:
    """Makes `chain-of-custody.json` from the entries of all observations."""
    return {
        "says": "For each picture: capture, redaction at the edge, the message to the centre, the parser, the commit."
        " Whatever is not known is null and named under `missing`.",
        "software": dict(software),
        "observations": chains,
    }
