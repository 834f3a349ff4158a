"""Lists pictures of very low quality, worst first, each beside the verdict on its camera's picture quality."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from center import clock
from center.access.permissions import CameraKey, Scope
from center.assessment.indicators import Indicator
from center.assessment.report import AssessmentReport, IndicatorFinding
from center.audit.log import Audit
from center.errors import PurposeMissingError
from center.search.client import Search
from center.search.filters import Filters
from center.search.views import ObservationView
from provisioning.contracts.query.search import LOW_QUALITY
from provisioning.contracts.wire.messages import Quality
from provisioning.files.spreadsheets import csv_file

MAX_PICTURES: Final = 1000
"""Pictures of one list: the newest of its period."""
_PAGE: Final = 200
HEAD: Final = (
    "row_key",
    "captured_utc",
    f"captured_{clock.ZONE_TEXT}",
    "agent_id",
    "camera_id",
    "camera",
    "district",
    "sharpness",
    "brightness",
    "contrast",
    "faults",
    "picture_quality",
    "picture_quality_rate",
    "cause",
)


class QualityFault(StrEnum):
    """Score of a picture that is below its limit (`LOW_QUALITY`)."""

    BLURRED = "sharpness"
    EXPOSURE = "brightness"
    """Too dark or too bright: the score is 1 at middle grey and 0 at black and at white."""
    FLAT = "contrast"


def faults(quality: Quality) -> tuple[QualityFault, ...]:
    """Lists the faults of a picture; empty if its quality is not very low."""
    return tuple(fault for fault in QualityFault if _share(quality, fault) < 1)


def _share(quality: Quality, fault: QualityFault) -> float:
    """Computes a score as a share of its limit."""
    return float(getattr(quality, fault.value)) / LOW_QUALITY[fault.value]


@dataclass(frozen=True, slots=True)
class LowQualityPicture:
    """A picture of very low quality. `finding` is the verdict on its camera in the period, None where there is none."""

    found: ObservationView
    district: str
    """Empty: the camera has no district."""
    finding: IndicatorFinding | None

    @property
    def key(self) -> CameraKey:
        return CameraKey(self.found.agent_id, self.found.camera_id)

    @property
    def faults(self) -> tuple[QualityFault, ...]:
        return faults(self.found.quality)

    @property
    def badness(self) -> tuple[float, int]:
        """Orders pictures, worst first: by the least share that a score has of its limit, then the newest."""
        return min(_share(self.found.quality, fault) for fault in QualityFault), -self.found.captured_at_ms


@dataclass(frozen=True, slots=True)
class LowQualityCamera:
    """A camera with pictures of very low quality in a list."""

    key: CameraKey
    district: str
    finding: IndicatorFinding | None
    pictures: int
    faults: Mapping[QualityFault, int]


@dataclass(frozen=True, slots=True)
class LowQualityList:
    """The newest `MAX_PICTURES` pictures of very low quality in a period, worst first."""

    pictures: tuple[LowQualityPicture, ...]
    complete: bool
    """False: the period has older ones."""

    @property
    def cameras(self) -> tuple[LowQualityCamera, ...]:
        """Counts the pictures by camera: by district, and in it the camera with most pictures first."""
        of: dict[CameraKey, list[LowQualityPicture]] = {}
        for picture in self.pictures:
            of.setdefault(picture.key, []).append(picture)
        counted = (
            LowQualityCamera(
                key,
                some[0].district,
                some[0].finding,
                len(some),
                Counter(fault for each in some for fault in each.faults),
            )
            for key, some in of.items()
        )
        return tuple(sorted(counted, key=lambda each: (each.district, -each.pictures, each.key)))


async def listed(
    search: Search, report: AssessmentReport, filters: Filters, *, actor: str, sight: Scope, district: str | None = None
) -> LowQualityList:
    """Lists the pictures of very low quality in the period of `report`, of the cameras in sight.

    Args:
        search: the archive; the query is audited once.
        report: assessment of the period.
        filters: cameras and purpose; its span and `low_quality` are set here.
        actor: the user, for the audit.
        sight: the cameras that the user may see.
        district: name of the only district; empty for cameras without one; None for all.

    Raises:
        CenterError: as `Search.observations`.
    """
    cards = {card.profile.key: card for card in report.cameras if card.profile is not None}
    places = {key: card.profile.district for key, card in cards.items() if card.profile is not None}
    if district is not None:
        wanted = (key for key, name in places.items() if name == district and sight.holds(*key))
        sight = Scope(cameras=frozenset(wanted))
    span = {"from_ms": report.period.from_ms, "to_ms": report.period.to_ms, "low_quality": True, "limit": _PAGE}
    page = await search.observations(filters.model_copy(update=span), actor=actor, sight=sight)
    found = list(page.items)
    while page.next_cursor is not None and len(found) < MAX_PICTURES:
        more = filters.model_copy(update={**span, "cursor": page.next_cursor})
        page = await search.page(more, sight=sight)
        found += page.items
    pictures = (
        LowQualityPicture(
            each,
            places.get(key := CameraKey(each.agent_id, each.camera_id), ""),
            cards[key].findings[Indicator.SNAPSHOT] if key in cards else None,
        )
        for each in found[:MAX_PICTURES]
        # An archive of another version might not have understood `low_quality`.
        if faults(each.quality)
    )
    complete = page.next_cursor is None and len(found) <= MAX_PICTURES
    return LowQualityList(tuple(sorted(pictures, key=lambda each: each.badness)), complete)


async def export(
    audit: Audit, made: LowQualityList, period: str, names: Mapping[CameraKey, str], *, actor: str, purpose: str | None
) -> bytes:
    """Writes a list as CSV, UTF-8 with BOM, after its entry in the audit.

    Raises:
        PurposeMissingError: no purpose is given.
        StoreUnavailableError: the audit cannot be written.
    """
    if purpose is None:
        raise PurposeMissingError
    detail = {"period": period, "pictures": len(made.pictures), "purpose": purpose}
    await asyncio.to_thread(audit.append, actor, "low_quality.export", detail)
    return await asyncio.to_thread(_csv, made, names)


def _csv(made: LowQualityList, names: Mapping[CameraKey, str]) -> bytes:
    more: Iterable[list[str]] = (
        [] if made.complete else [[f"There are more than these {len(made.pictures)}: choose a shorter period."]]
    )
    return csv_file([HEAD, *(_line(each, names) for each in made.pictures), *more])


def _line(each: LowQualityPicture, names: Mapping[CameraKey, str]) -> list[str | int | float]:
    found, finding = each.found, each.finding
    rate = None if finding is None else finding.tally.rate
    return [
        found.row_key,
        clock.utc(found.captured_at_ms),
        clock.local(found.captured_at_ms),
        found.agent_id,
        found.camera_id,
        names.get(each.key, ""),
        each.district,
        found.quality.sharpness,
        found.quality.brightness,
        found.quality.contrast,
        " ".join(fault.name.lower() for fault in each.faults),
        "" if finding is None else finding.verdict.value,
        "" if rate is None else round(rate, 4),
        "" if finding is None else finding.cause,
    ]
