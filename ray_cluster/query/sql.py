"""Builds Lance SQL for conditions on machines and pictures. Pure; the only foreign text is a zone's name.

Names of classes and colours are an enum's, ids were checked against patterns without quotes; a zone's name is quoted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

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


def of_object_sources(sources: Sequence[tuple[str, str]], present: Iterable[tuple[str, str]] | None = None) -> str:
    """Build the condition on the sources of an object row: agent and camera.

    `present`: all sources of the table, where they are known. The agent of a row begins its key, and an index of keys
    lists each row of an agent, which takes six times as long as the search for the rows of twenty cameras (measured in
    3.3 million). So it is asked only for a camera that has a namesake of another agent in the table.
    """
    if present is None:
        return _by_agent(sources, _object_agent)
    namesakes = {camera for _, camera in set(present).difference(sources)}
    alone = sorted({camera for _, camera in sources} - namesakes)
    rest = [(agent, camera) for agent, camera in sources if camera in namesakes]
    clauses = [f"camera_id IN ({quoted(alone)})"] if alone else []
    if rest:
        clauses.append(_by_agent(rest, _object_agent))
    return f"({' OR '.join(clauses)})"


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


def _object_agent(agent: str) -> str:
    return f"starts_with(row_key, '{agent}:')"


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
