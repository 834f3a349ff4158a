"""Builds Lance SQL for conditions on machines and pictures. Pure; the only foreign text is a zone's name.

Names of classes and colours are an enum's, ids were checked against patterns without quotes; a zone's name is quoted.
"""

from collections.abc import Callable, Iterator, Sequence

from provisioning.contracts.query.search import LOW_QUALITY, Wanted
from ray_cluster.archive.lance_tables import quoted


def literal(text: str) -> str:
    """Quote any text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def of_machine(wanted: Wanted) -> Iterator[str]:
    """Yield conditions on the columns of an object row. One row, and so one machine, must meet all of them."""
    if wanted.cls:
        yield f"cls IN ({quoted(wanted.cls)})"
    if wanted.colour:
        yield f"colour IN ({quoted(wanted.colour)})"
    if wanted.min_side_px is not None:
        yield f"(x1 - x0) >= {wanted.min_side_px} AND (y1 - y0) >= {wanted.min_side_px}"
    if wanted.max_side_px is not None:
        yield f"((x1 - x0) <= {wanted.max_side_px} OR (y1 - y0) <= {wanted.max_side_px})"
    if wanted.min_share is not None:
        yield f"share >= {_number(wanted.min_share)}"
    if wanted.max_share is not None:
        yield f"share <= {_number(wanted.max_share)}"
    if wanted.heading_deg is not None:
        yield _heading(wanted.heading_deg, wanted.heading_within_deg)
    if wanted.zone:
        yield f"array_has_any(zones, [{', '.join(literal(zone) for zone in wanted.zone)}])"


def of_picture(wanted: Wanted) -> Iterator[str]:
    """Yield conditions on the columns of a snapshot row."""
    for score in ("sharpness", "brightness", "contrast"):
        below, above = getattr(wanted, f"{score}_below"), getattr(wanted, f"{score}_above")
        if below is not None:
            yield f"{score} < {_number(below)}"
        if above is not None:
            yield f"{score} > {_number(above)}"
    if wanted.low_quality:
        yield f"({' OR '.join(f'{score} < {_number(limit)}' for score, limit in LOW_QUALITY.items())})"


def of_classes(wanted: Wanted) -> Iterator[str]:
    """Yield the condition that a snapshot row has a machine of these classes."""
    if wanted.cls:
        yield f"array_has_any(classes, [{quoted(wanted.cls)}])"


def of_sources(sources: Sequence[tuple[str, str]]) -> str:
    """Build the condition on the sources of a snapshot row, one clause an agent."""
    return _by_agent(sources, lambda agent: f"agent_id = '{agent}'")


def of_object_sources(sources: Sequence[tuple[str, str]]) -> str:
    """Build the condition on the sources of an object row, whose key begins with its agent. An index has the camera."""
    return _by_agent(sources, lambda agent: f"starts_with(row_key, '{agent}:')")


def needed(wanted: Wanted) -> frozenset[str]:
    """List required columns of an object row that a day of an earlier release may lack."""
    columns = set()
    if wanted.colour:
        columns.add("colour")
    if wanted.min_share is not None or wanted.max_share is not None:
        columns.add("share")
    if wanted.heading_deg is not None:
        columns.add("heading_deg")
    if wanted.zone:
        columns.add("zones")
    return frozenset(columns)


def _by_agent(sources: Sequence[tuple[str, str]], clause: Callable[[str], str]) -> str:
    by_agent: dict[str, list[str]] = {}
    for agent, camera in sources:
        by_agent.setdefault(agent, []).append(camera)
    clauses = (f"({clause(agent)} AND camera_id IN ({quoted(of)}))" for agent, of in by_agent.items())
    return f"({' OR '.join(clauses)})"


def _heading(centre: float, within: float) -> str:
    if within >= 180:
        return "heading_deg IS NOT NULL"
    low, high = (centre - within) % 360, (centre + within) % 360
    joined = "AND" if low <= high else "OR"
    return f"(heading_deg >= {_number(low)} {joined} heading_deg <= {_number(high)})"


def _number(value: float) -> str:
    """Format a number with twelve decimals, without an exponent."""
    return f"{value:.12f}"
