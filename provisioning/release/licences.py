"""Determines the licence of each package, refuses one that is not allowed, and collects the texts.

What is allowed stands in `licences.toml` beside this file, and nowhere else.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from license_expression import Licensing
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from provisioning.errors import ReleaseError
from provisioning.release.packages import Package

RULES: Final = Path(__file__).with_name("licences.toml")
_CLASSIFIER: Final = "License :: "
_LINE: Final = "=" * 120


@dataclass(frozen=True, slots=True)
class Licensed:
    """Something in a release, for the file of licences."""

    name: str
    version: str
    licence: str
    origin: str
    texts: Mapping[str, bytes]


@cache
def _rules() -> Mapping[str, Any]:
    return tomllib.loads(RULES.read_text(encoding="utf-8"))


def licence_of(package: Package) -> tuple[str, bool]:
    """Returns the SPDX expression of a package, and whether its own metadata declares it.

    Raises:
        ReleaseError: nothing says what it is under.
    """
    ours = _rules()["packages"].get(package.name)
    if ours is not None:
        return canonicalize_license_expression(ours), False
    said = [
        package.metadata.get("License-Expression"),
        package.metadata.get("License"),
        *(
            line.rpartition(" :: ")[2]
            for line in package.metadata.get_all("Classifier", [])
            if line.startswith(_CLASSIFIER)
        ),
    ]
    for words in filter(None, said):
        try:
            return canonicalize_license_expression(_rules()["spelled"].get(words, words)), True
        except InvalidLicenseExpression:
            continue
    raise ReleaseError(
        f"{package.name} {package.version}: its metadata names no SPDX licence ({said}): read its licence, and put"
        f" it into [packages] of {RULES.name}"
    )


def check(package: Package, licence: str) -> None:
    """Checks a package's licence against the list.

    Raises:
        ReleaseError: it is not allowed.
    """
    exception = _rules()["exceptions"].get(package.name)
    if not is_allowed(licence, also=() if exception is None else exception["also"]):
        raise ReleaseError(
            f"{package.name} {package.version}: {licence} is no licence that a release may hold; take the package out,"
            f" or add to {RULES.name} why it may be there"
        )


def is_allowed(licence: str, *, also: Iterable[str] = ()) -> bool:
    """True if the list, or `also`, allows an SPDX expression: each side of AND, one side of OR."""
    grammar, allowed = Licensing(), {*_rules()["allowed"], *also}

    def holds(node: Any) -> bool:
        if isinstance(node, grammar.AND):
            return all(holds(each) for each in node.args)
        if isinstance(node, grammar.OR):
            return any(holds(each) for each in node.args)
        return str(node) in allowed

    return holds(grammar.parse(licence))


def collected(title: str, parts: Iterable[Licensed]) -> str:
    """Renders the file of licences: a list, the names of those that bring no text, then each text once."""
    parts = sorted(parts, key=lambda part: (part.name, part.version))
    bearers: dict[str, list[str]] = {}
    for part in parts:
        for path, data in sorted(part.texts.items()):
            text = data.decode("utf-8", "replace").replace("\r\n", "\n").strip()
            bearers.setdefault(text, []).append(f"{part.name} {part.version}: {path}")
    without = [part for part in parts if not part.texts]
    lines = [f"Licences of what is in {title}", ""]
    lines += [f"{part.name} {part.version}: {part.licence} ({part.origin})" for part in parts]
    lines += ["", "Kept though its licence asks more of who hands it on:"]
    exceptions = _rules()["exceptions"]
    lines += [f"{part.name}: {exceptions[part.name]['why']}" for part in parts if part.name in exceptions] or ["none"]
    lines += ["", "No licence text came with:"]
    lines += [f"{part.name} {part.version}: {part.licence}" for part in without] or ["none"]
    for text, names in bearers.items():
        lines += ["", _LINE, *names, _LINE, "", text]
    return "\n".join(lines) + "\n"
