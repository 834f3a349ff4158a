"""Defines filters of observations (span, cameras, conditions on machines and pictures) and the cursor of a page."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Self

from provisioning.contracts import ids
from provisioning.contracts.query.search import Wanted
from ray_cluster.archive.lance_tables import quoted
from ray_cluster.errors import BadRequest
from ray_cluster.query import sql as conditions

_PARTS_MS: Final = (30 * 60_000, 4 * 3_600_000)
_FEW_CAMERAS: Final = 20
ANYTHING: Final = Wanted()
MAX_TIME_MS: Final = 4_102_444_800_000
_ROW_KEY: Final = re.compile(ids.AGENT_PATTERN[1:-1] + ":" + ids.OBSERVATION_PATTERN[1:-1])
_CAMERA: Final = re.compile(ids.CAMERA_PATTERN[1:-1])
_AGENT: Final = re.compile(ids.AGENT_PATTERN[1:-1])
_CURSOR: Final = re.compile(r"([0-9]{1,13})~(.{1,128})")
_HIGHEST_KEY: Final = "z" * 63 + ":" + "f" * 32
"""No row key is after this one in the order of text."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """End of a page: the last row's filed time and key."""

    at_ms: int
    row_key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text of a cursor.

        Raises:
            BadRequest: the text is no cursor.
        """
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise BadRequest("cursor: not one of ours; leave it out to start from the newest")
        return cls(int(match.group(1)), checked_row_key(match.group(2)))

    @classmethod
    def before(cls, at_ms: int) -> Self:
        """Return the cursor of all rows with an earlier time."""
        return cls(at_ms - 1, _HIGHEST_KEY)

    def older(self, column: str) -> tuple[str, str]:
        """Build Lance SQL for the rows behind this one, with `column` and then the key in descending order."""
        return f"{column} <= {self.at_ms}", f"({column} < {self.at_ms} OR row_key < '{self.row_key}')"

    def __str__(self) -> str:
        return f"{self.at_ms}~{self.row_key}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Filter of observations. An empty tuple means all; `from_ms` is inclusive, `to_ms` exclusive, both of filed time.

    Raises:
        BadRequest: a camera id that cannot be one, or an empty span.
    """

    from_ms: int = 0
    to_ms: int = MAX_TIME_MS
    camera_ids: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    """Pairs of agent and camera: two agents may use one camera id."""
    wanted: Wanted = ANYTHING

    def __post_init__(self) -> None:
        if not 0 <= self.from_ms <= self.to_ms <= MAX_TIME_MS:
            raise BadRequest("from_ms, to_ms: give milliseconds since 1970 with from_ms <= to_ms")
        for camera in self.camera_ids:
            if _CAMERA.fullmatch(camera) is None:
                raise BadRequest(f"camera_id: {camera[:64]!r} cannot be a camera's id")
        for agent, camera in self.sources:
            if _AGENT.fullmatch(agent) is None or _CAMERA.fullmatch(camera) is None:
                raise BadRequest(f"source: {agent[:64]!r}/{camera[:64]!r} cannot be an agent and its camera")

    def conditions(self, before: Cursor | None) -> str:
        """Build Lance SQL for snapshot rows. Values were checked against patterns without quotes, or are numbers."""
        parts = [f"filed_at_ms >= {self.from_ms}", f"filed_at_ms < {self.to_ms}"]
        if self.camera_ids:
            parts.append(f"camera_id IN ({quoted(self.camera_ids)})")
        if self.sources:
            parts.append(conditions.of_sources(self.sources))
        parts += conditions.of_classes(self.wanted)
        parts += conditions.of_picture(self.wanted)
        if before is not None:
            parts += before.older("filed_at_ms")
        return " AND ".join(parts)

    def parts(
        self, window: tuple[int, int], before: Cursor | None, widths_ms: Iterable[int] = ()
    ) -> Iterator["Filter"]:
        """Split the filter into parts of a window, the newest first, of these widths; the last one takes the rest.

        Most pages end in the first part, and need not sort all matching rows of a window. With few cameras, few rows
        match in some hours, and each part reads all rows that no index covers yet.
        """
        low, high = max(window[0], self.from_ms), min(window[1], self.to_ms)
        if before is not None:
            high = min(high, before.at_ms + 1)
        cameras = len(self.camera_ids) or len(self.sources)
        for width in widths_ms or (_PARTS_MS[1:] if 0 < cameras <= _FEW_CAMERAS else _PARTS_MS):
            if high - low <= width:
                break
            yield replace(self, from_ms=high - width, to_ms=high)
            high -= width
        if high > low:
            yield replace(self, from_ms=low, to_ms=high)

    def object_conditions(self, window: tuple[int, int], before: Cursor | None = None, *, spanned: bool = False) -> str:
        """Build Lance SQL for object rows captured in their table's window, as `conditions` does.

        A row without a trusted capture time lies in the window of its receipt, and so mostly outside of every span.
        `spanned`: every row of the table is known to be in the span, and no index of times need be read.
        """
        low, high = max(window[0], self.from_ms), min(window[1], self.to_ms)
        parts = [] if spanned else [f"captured_at_ms >= {low}", f"captured_at_ms < {high}"]
        if self.camera_ids:
            parts.append(f"camera_id IN ({quoted(self.camera_ids)})")
        if self.sources:
            parts.append(conditions.of_object_sources(self.sources))
        parts += conditions.of_machine(self.wanted)
        if before is not None:
            parts += before.older("captured_at_ms")
        return " AND ".join(parts)


def checked_row_key(text: str) -> str:
    """Check that `text` can be a row key and return it: no other text may reach a filter.

    Raises:
        BadRequest: it is none.
    """
    if _ROW_KEY.fullmatch(text) is None:
        raise BadRequest("row_key: an agent id, a colon and 32 hexadecimal digits")
    return text
