"""Translates facts of a machine into codes of GA/T 1400.3; what the archive does not know becomes *unknown*."""

from collections.abc import Mapping
from typing import Final

from center.viid_cascade.objects import Colour, Direction, VehicleClass
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass

UNKNOWN_COLOUR: Final[Colour] = "99"
COLOURS: Final[Mapping[MachineColour, Colour]] = {
    MachineColour.BLACK: "1",
    MachineColour.WHITE: "2",
    MachineColour.GREY: "3",
    MachineColour.RED: "4",
    MachineColour.BLUE: "5",
    MachineColour.YELLOW: "6",
    MachineColour.ORANGE: "7",
    MachineColour.BROWN: "8",
    MachineColour.GREEN: "9",
    MachineColour.PURPLE: "10",
    MachineColour.PINK: "12",
}
UNKNOWN_CLASS: Final[VehicleClass] = "X99"
CLASSES: Final[Mapping[MachineClass, VehicleClass]] = {MachineClass.CAR: "K30"}
"""Codes of GA/T 16.4 divide buses and trucks by size and weight alone, which no detector tells: they are unknown."""
_CARDINALS: Final[tuple[tuple[float, Direction], ...]] = ((90.0, "1"), (270.0, "2"), (180.0, "3"), (0.0, "4"))
"""Heading by the compass, and its code: west to east, east to west, north to south, south to north."""
_REACH_DEG: Final = 22.5
"""Beyond it lies a diagonal, whose codes differ between editions and makers: none is sent."""


def colour(found: MachineColour | None) -> Colour:
    """Returns the code of a colour."""
    return UNKNOWN_COLOUR if found is None else COLOURS[found]


def vehicle_class(cls: MachineClass) -> VehicleClass:
    """Returns the code of a vehicle's class."""
    return CLASSES.get(cls, UNKNOWN_CLASS)


def direction(heading_deg: float | None, bearing_deg: float | None) -> Direction | None:
    """Returns the code of a heading; None if heading or the camera's bearing is unknown, or it is a diagonal.

    Args:
        heading_deg: in the picture, 0 up, which is where the camera looks.
        bearing_deg: of the camera, clockwise from north.
    """
    if heading_deg is None or bearing_deg is None:
        return None
    compass = (heading_deg + bearing_deg) % 360
    for cardinal, code in _CARDINALS:
        if abs((compass - cardinal + 180) % 360 - 180) < _REACH_DEG:
            return code
    return None
