"""Compares installed packages with advisories in OSV's format that a site brings as files. Asks nobody outside.

Schema: https://ossf.github.io/osv-schema/. Of an advisory count the entries for PyPI: `versions`, and ranges of type
ECOSYSTEM or SEMVER. One that was withdrawn counts as none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import metadata
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, Field, ValidationError

from center.self_check.findings import Finding, Weakness

_ECOSYSTEM: Final = "PyPI"
_SEVERE: Final = frozenset({"HIGH", "CRITICAL"})
_FIRST: Final = Version("0.dev0")
"""By the schema `0` stands for the version before all others, also before pre-releases of 0."""


class _Package(BaseModel):
    ecosystem: str
    name: str


class _Range(BaseModel):
    type: str
    events: Annotated[list[dict[str, str]], Field(max_length=10_000)]


class _Affected(BaseModel):
    package: _Package | None = None
    ranges: list[_Range] = []
    versions: list[str] = []


class Advisory(BaseModel):
    """One advisory; of the schema's fields those that count here."""

    id: Annotated[str, Field(max_length=128)]
    modified: datetime
    withdrawn: datetime | None = None
    aliases: list[str] = []
    affected: list[_Affected] = []
    database_specific: dict[str, Any] = {}

    @property
    def is_severe(self) -> bool:
        """True if its database calls it high or critical."""
        return str(self.database_specific.get("severity", "")).upper() in _SEVERE


def installed() -> dict[str, str]:
    """Lists the packages that this process would import, by canonical name, with their versions."""
    found: dict[str, str] = {}
    for each in metadata.distributions():
        found.setdefault(canonicalize_name(each.metadata["Name"]), each.version)
    return found


def check_packages(folder: Path, packages: Mapping[str, str], now: datetime, *, days: int) -> Iterator[Finding]:
    """Names every package with a known fault, every file that is no advisory, and a folder that is out of date."""
    newest = datetime.fromtimestamp(0, UTC)
    for path in sorted(folder.glob("**/*.json")):
        try:
            advisory = Advisory.model_validate_json(path.read_bytes())
            newest = max(newest, advisory.modified.astimezone(UTC))
            yield from _faults(advisory, packages)
        except OSError as error:
            yield _unreadable(path, error.strerror or "")
        except ValidationError as error:
            yield _unreadable(path, f"{error.error_count()} faults")
        except InvalidVersion as error:
            yield _unreadable(path, str(error))
    if now - newest > timedelta(days=days):
        yield Finding(Weakness.ADVISORIES_OLD, "self_check.advisories_dir", {"days": days})


def _faults(advisory: Advisory, packages: Mapping[str, str]) -> Iterator[Finding]:
    if advisory.withdrawn is not None:
        return
    for affected in advisory.affected:
        package = affected.package
        if package is None or package.ecosystem != _ECOSYSTEM:
            continue
        name = canonicalize_name(package.name)
        if name not in packages:
            continue
        version = Version(packages[name])
        ranges = [each.events for each in affected.ranges if each.type in {"ECOSYSTEM", "SEMVER"}]
        if _is_listed(version, affected.versions) or any(_is_inside(version, events) for events in ranges):
            fixed = _first_fixed(version, ranges)
            facts = {
                "package": name,
                "version": packages[name],
                "advisory": " ".join((advisory.id, *advisory.aliases[:3])),
                "fixed": f"≠ {packages[name]}" if fixed is None else f"≥ {fixed}",
            }
            yield Finding(Weakness.KNOWN_FAULT, name, facts, is_worse=advisory.is_severe)
            return


def _is_listed(version: Version, versions: Iterable[str]) -> bool:
    return str(version) in versions or any(Version(each) == version for each in versions if _is_version(each))


def _is_inside(version: Version, events: Sequence[Mapping[str, str]]) -> bool:
    """Goes through the events of a range up to a version, as the schema's evaluation does."""
    inside = False
    for kind, at in sorted(_events(events), key=itemgetter(1)):
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def _events(events: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, Version]]:
    for event in events:
        for kind in ("introduced", "fixed", "last_affected"):
            if kind in event:
                yield kind, _FIRST if event[kind] == "0" else Version(event[kind])


def _first_fixed(version: Version, ranges: Iterable[Sequence[Mapping[str, str]]]) -> Version | None:
    fixed = (Version(event["fixed"]) for events in ranges for event in events if "fixed" in event)
    return min((each for each in fixed if each > version), default=None)


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _unreadable(path: Path, cause: str) -> Finding:
    return Finding(Weakness.ADVISORY_UNREADABLE, "self_check.advisories_dir", {"file": path.name, "cause": cause})
