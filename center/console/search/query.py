"""Reads and writes the query of the search page as its address, so that the address reproduces the search."""

from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from pydantic import ValidationError

from center.errors import BadFilterError, CenterError, marked
from center.search.filters import Filters
from provisioning.contracts.query.search import COUNT_GRID_MS, Wanted

PATH: Final = "/observations"
OPENED: Final = "open"
"""Name in the address of the result that is open beside the list."""
CUSTOM: Final = "custom"
DEFAULT: Final = "24h"
PERIODS: Final = {
    "15m": (marked("Last 15 minutes"), 15 * 60_000),
    "1h": (marked("Last hour"), 3_600_000),
    "24h": (marked("Last 24 hours"), 86_400_000),
    "7d": (marked("Last 7 days"), 7 * 86_400_000),
    "30d": (marked("Last 30 days"), 30 * 86_400_000),
    CUSTOM: (marked("Custom range"), None),
}
_SAID: Final = (*Wanted.model_fields, "from_ms", "to_ms", "camera_id", "area", "case_id")
"""Fields in the address. The purpose is not: each user gives their own."""
_SINGLE: Final = frozenset(
    name for name in _SAID if not isinstance(Filters.model_fields[name].get_default(call_default_factory=True), tuple)
)
_MAX_QUERY: Final = 8192
_MINUTE_MS: Final = 60_000
_LONG_MS: Final = 4 * 3_600_000
"""Longer periods begin on the grid by which machines are counted; bars of others are narrower than it."""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """`filters` without a page; their span counts only where `period` is `CUSTOM`. `fault` is that of a bad address."""

    filters: Filters = Filters()  # noqa: RUF009 - frozen
    period: str = DEFAULT
    fault: CenterError | None = None

    @classmethod
    def of_camera(cls, camera_id: str) -> "SearchQuery":
        """Makes the query for one camera in the default period."""
        return cls().having(camera_id=(camera_id,))

    @classmethod
    def read(cls, query: str) -> "SearchQuery":
        """Reads a query from an address; unreadable fields are left out, and named in `fault`."""
        said = parse_qs(query[:_MAX_QUERY], max_num_fields=300)
        values: dict[str, Any] = {
            name: said[name][-1] if name in _SINGLE else tuple(said[name]) for name in _SAID if name in said
        }
        period = said.get("period", [CUSTOM if "from_ms" in said else DEFAULT])[-1]
        filters, fault = _read(values)
        return cls(filters, period if period in PERIODS else DEFAULT, fault)

    def path(self, *, opened: str = "") -> str:
        """Writes the address of this query, and of the result that is open beside its list."""
        query = urlencode(self._params() | ({OPENED: opened} if opened else {}), doseq=True)
        return f"{PATH}?{query}" if query else PATH

    def text(self) -> str:
        """Writes the query for the address of one of its results, never empty."""
        return urlencode({"period": self.period} | self._params(), doseq=True)

    def having(self, **said: Any) -> "SearchQuery":
        """Returns the query with other filters.

        Raises:
            CenterError: the filters contradict one another.
        """
        values = {name: getattr(self.filters, name) for name in (*_SAID, "purpose")} | said
        try:
            return replace(self, filters=Filters(**values), fault=None)
        except ValidationError as error:
            raise UnreadableError(fields=_fields(error)) from error

    def span(self, now_ms: int) -> tuple[int, int]:
        """Returns begin and end of the time span, the end exclusive; one that ends now ends with the minute.

        So those who ask within a minute ask the same, and the archive answers them together. A long one begins up to
        five minutes earlier, where counts of machines are kept.

        Raises:
            BadFilterError: it ends before it begins.
        """
        now_ms = -(-now_ms // _MINUTE_MS) * _MINUTE_MS
        length_ms = PERIODS[self.period][1]
        if length_ms is not None:
            from_ms = max(0, now_ms - length_ms)
            return from_ms - (from_ms % COUNT_GRID_MS if length_ms > _LONG_MS else 0), now_ms
        to_ms = now_ms if self.filters.to_ms is None else self.filters.to_ms
        from_ms = max(0, to_ms - 86_400_000) if self.filters.from_ms is None else self.filters.from_ms
        if to_ms <= from_ms:
            raise BadFilterError
        return from_ms, to_ms

    def asked(self, now_ms: int, **page: Any) -> Filters:
        """Returns the filters for `Search`, with span and page.

        Raises:
            BadFilterError: as `span`.
        """
        from_ms, to_ms = self.span(now_ms)
        return self.filters.model_copy(update={"from_ms": from_ms, "to_ms": to_ms, **page})

    @property
    def is_plain(self) -> bool:
        """True if the query filters by nothing but time."""
        return all(
            getattr(self.filters, name) == Filters.model_fields[name].get_default(call_default_factory=True)
            for name in _SAID
            if name not in {"from_ms", "to_ms", "case_id"}
        )

    def _params(self) -> dict[str, Any]:
        said = self.filters.model_dump(mode="json", include=set(_SAID), exclude_defaults=True)
        if self.period != CUSTOM:
            said = {name: value for name, value in said.items() if name not in {"from_ms", "to_ms"}}
        return said | ({} if self.period == DEFAULT else {"period": self.period})


class UnreadableError(CenterError):
    """Filters of an address cannot be read. The search goes on without them."""

    code = "unreadable_filters"
    message = marked("These filters are not valid and are ignored: {fields}.")
    remedy = marked("Set them again in the filters.")


def _read(values: dict[str, Any]) -> tuple[Filters, CenterError | None]:
    try:
        return Filters(**values), None
    except ValidationError as error:
        bad = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]} or set(values)
        fields = _fields(error)
    except CenterError as error:
        # An area that crosses itself, or a span that ends before it begins: the rest still stands.
        rest = {name: value for name, value in values.items() if name not in {"area", "from_ms", "to_ms"}}
        return _read(rest)[0], error
    good = {name: value for name, value in values.items() if name not in bad}
    return _read(good)[0], UnreadableError(fields=fields)


def _fields(error: ValidationError) -> str:
    return ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]})) or "?"
