"""Two streets: one along the camera's view, one across it, with the lines, zones and lanes a technician would draw."""

from pathlib import Path

from provisioning.contracts.config.camera import Camera, Lane, Line, ReplaySource, Zone
from tests.edge_agent.traffic import BICYCLE, BUS, CAR, EBIKE, Pinhole, Road, Street


def camera(lines: tuple[Line, ...] = (), zones: tuple[Zone, ...] = (), lanes: tuple[Lane, ...] = ()) -> Camera:
    """One that the tracker is told about; where its pictures come from does not matter here."""
    return Camera(id="gate", source=ReplaySource(path=Path("nowhere")), lines=lines, zones=zones, lanes=lanes)


def avenue(seconds: float = 120.0, *, dense: bool = True) -> tuple[Street, Camera]:
    """Two lanes and one of e-bikes each way, seen from 6 m above the middle; now and then an e-bike the wrong way."""
    view = Pinhole(height_m=6.0, pitch_deg=22.0)
    cars, bikes = (CAR, CAR, CAR, BUS), (EBIKE, EBIKE, BICYCLE)
    busy = 1.0 if dense else 3.0
    out = [Road(((x, 3.0), (x, 95.0)), cars, 5.0 * busy, (9.0, 14.0)) for x in (1.8, 5.0)] + [
        Road(((x, 3.0), (x, 60.0)), bikes, 3.0 * busy, (4.5, 7.0), gap_m=2.6, reaction_s=0.6) for x in (8.2, 9.4)
    ]
    back = [Road(((x, 95.0), (x, 3.0)), cars, 5.0 * busy, (9.0, 14.0)) for x in (-1.8, -5.0)] + [
        Road(((x, 60.0), (x, 3.0)), bikes, 3.0 * busy, (4.5, 7.0), gap_m=2.6, reaction_s=0.6) for x in (-8.2, -9.4)
    ]
    wrong = [Road(((8.8, 50.0), (8.8, 3.0)), (EBIKE,), 25.0, (4.0, 6.0), gap_m=2.6, reaction_s=0.6, wrong_way=True)]
    ebikes = view.ground((7.4, 15.5), (10.3, 15.5), (10.3, 45.0), (7.4, 45.0))
    lanes = view.ground((0.3, 11.0), (6.8, 11.0), (6.8, 60.0), (0.3, 60.0))
    line = view.ground((-12.0, 20.0), (12.0, 20.0))
    return Street(view, (*out, *back, *wrong), seconds=seconds), camera(
        lines=(Line(name="across", start=line[0], end=line[1]),),
        lanes=(
            Lane(name="e-bikes", polygon=ebikes, heading_deg=view.heading_deg((8.8, 18.0), (8.8, 22.0))),
            Lane(name="cars", polygon=lanes, heading_deg=view.heading_deg((3.4, 18.0), (3.4, 22.0))),
        ),
    )


def junction(seconds: float = 120.0) -> tuple[Street, Camera]:
    """Traffic from left and right that waits at a light, e-bikes that cross it meanwhile, a kerb with parked machines.

    One line is drawn through the wheels of what is parked: nothing ever crosses that one.
    """
    view = Pinhole(height_m=6.0, pitch_deg=15.0)
    cars, bikes = (CAR, CAR, CAR, BUS), (EBIKE, BICYCLE)
    roads = (
        Road(((-40.0, 17.0), (40.0, 17.0)), cars, 5.0, (9.0, 13.0), stop_m=34.0),
        Road(((40.0, 25.0), (-40.0, 25.0)), cars, 5.0, (9.0, 13.0), stop_m=26.0),
        Road(((-30.0, 13.0), (30.0, 13.0)), bikes, 4.0, (4.5, 7.0), gap_m=2.6, reaction_s=0.6, stop_m=24.0),
        Road(((30.0, 29.0), (-30.0, 29.0)), bikes, 4.0, (4.5, 7.0), gap_m=2.6, reaction_s=0.6),
        Road(((4.0, 10.0), (4.0, 45.0)), bikes, 12.0, (3.5, 6.0), gap_m=2.6, reaction_s=0.6),
    )
    parked = ((CAR, -14.0, 34.0), (CAR, -7.0, 34.0), (CAR, 8.0, 34.0), (EBIKE, -6.0, 10.5), (EBIKE, -5.0, 10.7))
    gate = view.ground((0.0, 10.0), (0.0, 31.0))
    kerb = view.ground((-18.0, 33.1), (12.0, 33.1))
    kerb_zone = view.ground((-18.0, 31.8), (12.0, 31.8), (12.0, 37.0), (-18.0, 37.0))
    rack = view.ground((-8.0, 9.5), (-3.0, 9.5), (-3.0, 11.8), (-8.0, 11.8))
    return Street(view, roads, parked, seconds=seconds), camera(
        lines=(Line(name="gate", start=gate[0], end=gate[1]), Line(name="kerb", start=kerb[0], end=kerb[1])),
        zones=(Zone(name="kerb zone", polygon=kerb_zone), Zone(name="rack", polygon=rack)),
    )
