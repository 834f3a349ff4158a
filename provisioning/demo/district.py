"""Describes the demo's invented district: places, cameras, zones, accounts, rules and a case. Pure data.

It lies in the middle of Lake Tai, where there is no street, so that no reader takes it for a real one.
"""

from dataclasses import dataclass
from typing import Any, Final

from provisioning.contracts.config.camera import Lane, Line, Zone
from provisioning.demo import footage

STREET: Final = "street"
"""Agent whose cameras come by a sealed document."""
MILL: Final = "mill"
"""Agent whose cameras stand in its own file: one with a line, a zone and a lane, and two for recordings."""
DAY_MS: Final = 86_400_000

_OLD_TOWN: Final = (
    (120.1120, 31.1950),
    (120.1240, 31.1945),
    (120.1245, 31.2060),
    (120.1185, 31.2075),
    (120.1110, 31.2050),
)
_HARBOUR: Final = ((120.1240, 31.1945), (120.1345, 31.1960), (120.1360, 31.2035), (120.1245, 31.2060))
DISTRICTS: Final = {
    "old-town": ("Old Town (demo)", _OLD_TOWN),
    "harbour": ("Harbour (demo)", _HARBOUR),
}
"""Name and outline (longitude, latitude) by district id."""
REGION: Final = "320299"
"""Digits that no county has: of the province around the lake, with the last two free."""


@dataclass(frozen=True)
class PlannedCamera:
    """A camera of the demo, with its place on the map."""

    id: str
    agent: str
    name: str
    district: str
    latitude: float
    longitude: float
    bearing_deg: float
    """Compass direction in which it looks."""
    film: str
    codec: str = "h264"
    clock_error_s: float = 0.0
    """Seconds that its own clock is ahead."""
    silent_after_s: float | None = None
    """Seconds of each stream after which it falls silent; None: never."""
    most_per_second: float = 0.5
    """Snapshots a second, of the cameras in the agent's own file."""

    @property
    def source(self) -> str:
        """The camera as rules and cases name it."""
        return f"{self.agent}/{self.id}"

    @property
    def gb_code(self) -> str:
        """Its GB/T 28181 code: region, office 00, industry 00, type 131, network 0, and a number of its own."""
        return f"{REGION}00001310{1 + [each.id for each in PLACED].index(self.id):06d}"


NORTH: Final = PlannedCamera("north", STREET, "Fire Yard", "old-town", 31.2031, 120.1165, 110.0, footage.YARD)
SOUTH: Final = PlannedCamera("south", STREET, "Ferry Road", "harbour", 31.1992, 120.1291, 35.0, footage.TRUCK, "h265")
QUAY: Final = PlannedCamera(
    "quay", STREET, "Quay Street", "harbour", 31.2024, 120.1278, 200.0, footage.CYCLIST, silent_after_s=55.0
)
GATE: Final = PlannedCamera(
    "gate", STREET, "East Gate", "harbour", 31.2005, 120.1322, 270.0, footage.TRUCK, "h265", clock_error_s=-83.0
)
CROSSING: Final = PlannedCamera("crossing", MILL, "Mill Crossing", "old-town", 31.1998, 120.1192, 75.0, footage.CYCLIST)
BRIDGE: Final = PlannedCamera(
    "bridge-recorder", MILL, "Mill Bridge (recordings)", "old-town", 31.2010, 120.1225, 320.0, footage.CYCLIST
)
MARKET: Final = PlannedCamera(
    "market-recorder", MILL, "Market (recordings)", "old-town", 31.1975, 120.1150, 15.0, footage.CYCLIST
)
PHONE: Final = PlannedCamera(
    "phone-recorder",
    MILL,
    "Phone at the Market (recordings)",
    "old-town",
    31.1972,
    120.1162,
    150.0,
    f"{footage.FILM}.mp4",
    most_per_second=2.0,
)
MEASURED: Final = (NORTH, SOUTH)
"""Cameras of a bounded showing, whose counts must add up."""
FURNISHED: Final = (*MEASURED, QUAY, GATE)
"""Cameras of the agent `STREET` in a showing without an end."""
RECORDERS: Final = (BRIDGE, MARKET, PHONE)
"""Cameras for recordings of earlier hours."""
PLACED: Final = (*FURNISHED, CROSSING, *RECORDERS)
"""Every camera on the map."""

LINE: Final = Line(name="stop line", start=(0.46, 0.25), end=(0.46, 0.95))
ZONE: Final = Zone(name="box junction", polygon=((0.3, 0.3), (0.95, 0.3), (0.95, 0.95), (0.3, 0.95)))
LANE: Final = Lane(name="main road", polygon=((0.1, 0.15), (0.8, 0.2), (0.9, 0.65), (0.25, 0.5)), heading_deg=115.0)

ACCOUNTS: Final = (
    ("ana", "analyst", "old-town"),
    ("otto", "operator", "harbour"),
    ("sven", "supervisor", None),
)
"""User name, role and district (None: everywhere)."""
ANALYST, SUPERVISOR = ACCOUNTS[0][0], ACCOUNTS[2][0]
CASE: Final = "DEMO-2026-0001"


def register_csv() -> str:
    """Writes the register of the assessment: every camera with district, code, place and name."""
    lines = ["agent_id,camera_id,district,gb_code,latitude,longitude,name"]
    lines.extend(
        f"{each.agent},{each.id},{DISTRICTS[each.district][0]},{each.gb_code},{each.latitude},{each.longitude},{each.name}"
        for each in PLACED
    )
    return "\n".join(lines) + "\n"


def outlines() -> dict[str, Any]:
    """Returns the districts as GeoJSON, the ground of the console's maps."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": name},
                "geometry": {"type": "Polygon", "coordinates": [[*map(list, outline), list(outline[0])]]},
            }
            for name, outline in DISTRICTS.values()
        ],
    }


def rules() -> tuple[dict[str, Any], ...]:
    """Returns three alarm rules: on a drawn zone, on the agent's line, and on a camera that is away."""
    drawn = [list(point) for point in ZONE.polygon]
    return (
        {
            "name": "Demo: a vehicle in the box junction",
            "cameras": [CROSSING.source],
            "what": {"kind": "zone_entry", "polygon": drawn},
            "severity": "info",
        },
        {
            "name": "Demo: across the stop line",
            "cameras": [CROSSING.source],
            "what": {"kind": "line_crossing", "line": LINE.name},
            "window_s": 60,
        },
        {
            "name": "Demo: Quay Street is away",
            "cameras": [QUAY.source],
            "what": {"kind": "camera_fault", "states": ["offline"], "for_s": 0},
            "severity": "critical",
        },
    )


def case_terms(now_ms: int) -> dict[str, Any]:
    """Returns the terms of the case: a car, sought in the old town over the week."""
    return {
        "purpose": "Demo: a stolen car, last seen at Mill Crossing",
        "districts": ["old-town"],
        "from_ms": now_ms - 7 * DAY_MS,
        "to_ms": now_ms + DAY_MS,
        "expires_at_ms": now_ms + 30 * DAY_MS,
        "cls": "car",
        "theft": {"at_ms": now_ms - DAY_MS, "latitude": CROSSING.latitude, "longitude": CROSSING.longitude},
    }
