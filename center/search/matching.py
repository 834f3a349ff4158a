"""Finds the machines of an observation that meet the filters of a search, by the conditions of `query`. Pure."""

from center.search.views import MachineView, ObservationView
from provisioning.contracts.query.search import Wanted

_ALL_ROUND = 180.0


def matches(found: ObservationView, wanted: Wanted) -> tuple[bool, ...]:
    """Returns for each machine of an observation if it meets all conditions; all do if there are none on machines."""
    return tuple(_meets(machine, wanted, found.width * found.height) for machine in found.machines)


def _meets(machine: MachineView, wanted: Wanted, pixels: int) -> bool:
    box = machine.box
    side, share = min(box.x1 - box.x0, box.y1 - box.y0), (box.x1 - box.x0) * (box.y1 - box.y0) / pixels
    return (
        (not wanted.cls or machine.cls in wanted.cls)
        and (not wanted.colour or machine.colour in wanted.colour)
        and _within(side, wanted.min_side_px, wanted.max_side_px)
        and _within(share, wanted.min_share, wanted.max_share)
        and (wanted.heading_deg is None or _heads(machine, wanted.heading_deg, wanted.heading_within_deg))
        and (not wanted.zone or not set(wanted.zone).isdisjoint(machine.zones))
    )


def _within(value: float, least: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def _heads(machine: MachineView, heading_deg: float, within_deg: float) -> bool:
    if machine.heading_deg is None:
        return False
    off = abs(machine.heading_deg - heading_deg) % 360
    return within_deg >= _ALL_ROUND or min(off, 360 - off) <= within_deg
