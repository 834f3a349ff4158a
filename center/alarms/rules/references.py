"""Lists the zones and lines of agents' configurations that a rule names, and those that a row names. Pure."""

from collections.abc import Iterator

from center.alarms.rules.composed import Composed, Seen, leaves_of
from center.alarms.rules.inputs import SeenRow
from center.alarms.rules.rule import RuleText

ANYWHERE = ""
"""Camera of a name that a rule looks for at all cameras."""


def named_by(text: RuleText) -> frozenset[tuple[str, str]]:
    """Returns the zones and lines that a rule names, each with its camera.

    Lanes are left out: a row names a lane only where a machine goes against it.
    """
    return frozenset(
        (camera, name)
        for cameras, what in _parts(text)
        for camera in cameras
        for name in (getattr(what, "zone", None), getattr(what, "line", None))
        if name is not None
    )


def named_in(seen: SeenRow) -> Iterator[str]:
    """Yields the zones and lines that a row's machines were in or crossed."""
    for machine in seen.followed:
        if machine.motion is not None:
            yield from machine.motion.zones
            yield from (crossing.line for crossing in machine.motion.crossed)


def _parts(text: RuleText) -> Iterator[tuple[tuple[str, ...], object]]:
    everywhere = text.cameras or (ANYWHERE,)
    if not isinstance(text.what, Composed):
        yield everywhere, text.what
        return
    for leaf, _negated in leaves_of(text.what.when):
        if isinstance(leaf, Seen):
            yield everywhere if leaf.camera is None else (leaf.camera,), leaf.what
