"""Packages one export: pictures as they come, then the documents about them, then signature and time stamp."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, BinaryIO, Final

from center.clock import ClockState, utc
from center.evidence import cms, custody, names, readme, summary, timestamp
from center.evidence.manifest import Case, ClockFact, LeftOut, Manifest, file_fact
from center.evidence.signer import Signer
from center.evidence.timestamp import StampAuthority
from center.evidence.zip_container import Writer
from provisioning.contracts.query.archive import HoldMark, Observation

_TAIL: Final = 4 + len(names.SEALS)
"""Files besides those of the observations."""


class NotStampedError(Exception):
    """The time-stamping authority's answer is not the requested stamp."""


def software() -> str:
    """Returns the name and version of this program."""
    try:
        return f"wayside {version('wayside')}"
    except PackageNotFoundError:
        return "wayside, version not known"


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """Request of one export: its id, case, exporter, and number of pictures."""

    export_id: str
    case: Case
    exported_by: str
    asked_for: int


@dataclass(frozen=True, slots=True)
class Sealer:
    """Signs and stamps manifests, and describes the clock that it goes by."""

    signer: Signer
    stamps: StampAuthority
    policy: str
    accuracy_ms: int
    clock_source: str
    clock_state: Callable[[], ClockState]
    root_sha256: str
    font: str

    def clock(self) -> ClockFact:
        """Returns the present state of the clock."""
        state = self.clock_state()
        return ClockFact(synchronised=state.synchronised, max_error_ms=state.max_error_ms, source=self.clock_source)

    def seal(self, manifest: Manifest, *, now_ms: int) -> tuple[bytes, bytes]:
        """Makes the signature and the time stamp of a manifest.

        The stamp states an accuracy only while the clock is synchronised.

        Raises:
            NotStampedError: the stamp is not the requested one.
            StoreUnavailableError: the serial number could not be stored.
        """
        signature = cms.sign(manifest.encode(), self.signer, at=datetime.fromtimestamp(now_ms / 1000, UTC))
        nonce = secrets.randbits(64)
        bound = manifest.clock.max_error_ms
        answer = self.stamps.answer(
            timestamp.request(signature, policy=self.policy, nonce=nonce),
            now_ms=now_ms,
            accuracy_ms=None if bound is None else max(self.accuracy_ms, bound),
        )
        try:
            made = timestamp.read(answer, signature)
        except timestamp.BadStampError as error:
            raise NotStampedError(str(error)) from error
        if made.nonce != nonce:
            raise NotStampedError("it answers another request")
        return signature, answer


class Package:
    """Writes one archive. Blocks for disk and processor: call it from a worker thread.

    Memory: one picture, and some 15 KB for each added one.
    """

    def __init__(self, target: BinaryIO, order: ExportOrder, sealer: Sealer) -> None:
        self._writer = Writer(target)
        self._order = order
        self._sealer = sealer
        self._chains: list[dict[str, Any]] = []
        self._items: list[summary.Item] = []
        self.left_out: list[LeftOut] = []

    @property
    def pictures(self) -> int:
        """Number of pictures added so far."""
        return len(self._items)

    def add(self, observation: Observation, jpeg: bytes, *, camera_name: str, holds: Sequence[HoldMark] = ()) -> None:
        """Adds one observation: its picture as it is, and its metadata.

        Raises:
            BrokenArchiveError: the archive would be too large.
            OSError: the disk does not take the picture.
        """
        number = self.pictures + 1
        folder = names.folder(number, observation.snapshot.camera_id)
        self._writer.add(f"{folder}/picture.jpg", jpeg)
        facts = custody.metadata(observation, camera_name=camera_name, picture_bytes=len(jpeg))
        self._writer.add(f"{folder}/metadata.json", _readable(facts))
        self._chains.append(custody.links(observation, folder=folder, holds=holds))
        self._items.append(summary.item(number, folder, observation, jpeg, camera_name))

    def leave_out(self, out: LeftOut) -> None:
        """Names one observation that has no picture to export."""
        self.left_out.append(out)

    def sha256(self) -> str:
        """Returns the hash of the whole archive, once it is closed."""
        return self._writer.sha256()

    def close(self, audit: dict[str, Any], *, now_ms: int) -> Manifest:
        """Writes all other files, then the seals and the archive's directory.

        Raises:
            BrokenArchiveError, OSError: as `add`.
            NotStampedError, StoreUnavailableError: see `Sealer.seal`.
        """
        order, clock = self._order, self._sealer.clock()
        words = readme.clock_text(synchronised=clock.synchronised, max_error_ms=clock.max_error_ms, source=clock.source)
        add = self._writer.add
        add(names.CUSTODY, _readable(custody.document(self._chains, software={"centre": software()})))
        add(names.AUDIT, _readable(audit))
        pdf = summary.render(
            self._items,
            case=order.case,
            export_id=order.export_id,
            exported_by=order.exported_by,
            exported_at_ms=now_ms,
            left_out=self.left_out,
            clock=words,
            font=self._sealer.font,
        )
        add(names.SUMMARY, pdf)
        text = readme.text(
            case=order.case,
            export_id=order.export_id,
            exported_by=order.exported_by,
            exported_at_ms=now_ms,
            pictures=self.pictures,
            files=2 * self.pictures + _TAIL,
            left_out=self.left_out,
            root_sha256=self._sealer.root_sha256,
            clock=words,
        )
        add(names.README, text.encode())
        manifest = Manifest(
            export_id=order.export_id,
            case=order.case,
            exported_by=order.exported_by,
            exported_at_ms=now_ms,
            exported_at=utc(now_ms),
            software=software(),
            clock=clock,
            asked_for=order.asked_for,
            left_out=self.left_out,
            files=[file_fact(entry) for entry in self._writer.entries],
        )
        signature, answer = self._sealer.seal(manifest, now_ms=now_ms)
        for name, content in zip(names.SEALS, (manifest.encode(), signature, answer), strict=True):
            add(name, content)
        self._writer.close()
        return manifest


def _readable(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
