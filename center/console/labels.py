"""Names the values of the contracts for people, with their colours."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from center.console.language import Language
from center.console.widgets import moments
from center.errors import marked
from center.fleet.devices import AgentView, CameraView, CauseKind, DeviceState
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import Box, ClockQuality, Machine, MachineClass, PictureState

CLASSES: Final = {
    MachineClass.CAR: marked("Car"),
    MachineClass.BUS: marked("Bus"),
    MachineClass.TRUCK: marked("Truck"),
    MachineClass.BICYCLE: marked("Bicycle"),
    MachineClass.MOTORCYCLE: marked("Motorcycle"),
}
COLOURS: Final = {
    MachineColour.WHITE: marked("White"),
    MachineColour.GREY: marked("Grey or silver"),
    MachineColour.BLACK: marked("Black"),
    MachineColour.RED: marked("Red"),
    MachineColour.ORANGE: marked("Orange"),
    MachineColour.YELLOW: marked("Yellow"),
    MachineColour.GREEN: marked("Green"),
    MachineColour.BLUE: marked("Blue"),
    MachineColour.PURPLE: marked("Purple"),
    MachineColour.PINK: marked("Pink"),
    MachineColour.BROWN: marked("Brown"),
}
HEADINGS: Final = {
    0: marked("↑ away"),
    45: marked("↗ away, to the right"),
    90: marked("→ to the right"),
    135: marked("↘ nearer, to the right"),
    180: marked("↓ nearer"),
    225: marked("↙ nearer, to the left"),
    270: marked("← to the left"),
    315: marked("↖ away, to the left"),
}
"""Names of headings, by degrees in the picture, as `Motion` has them."""
STATES: Final = {
    DeviceState.STARTING: marked("Starting"),
    DeviceState.ONLINE: marked("Online"),
    DeviceState.OFFLINE: marked("Offline"),
    DeviceState.REDACTION_UNAVAILABLE: marked("Redaction unavailable"),
    DeviceState.PAUSED: marked("Paused"),
    DeviceState.UNKNOWN: marked("Unknown"),
    DeviceState.REVOKED: marked("Revoked"),
}
TONES: Final = {
    DeviceState.STARTING: "warn",
    DeviceState.ONLINE: "ok",
    DeviceState.OFFLINE: "bad",
    DeviceState.REDACTION_UNAVAILABLE: "bad",
    DeviceState.PAUSED: "warn",
    DeviceState.UNKNOWN: "off",
    DeviceState.REVOKED: "bad",
}
CLOCKS: Final = {
    ClockQuality.SYNCED: marked("Synchronised"),
    ClockQuality.ARRIVAL: marked("Time of arrival at the agent"),
    ClockQuality.UNKNOWN: marked("The device's own clock, not compared"),
}
PICTURES: Final = {
    PictureState.KEPT: "",
    PictureState.WITHHELD: marked("The edge withheld this picture: nothing in it could be shown safely."),
    PictureState.LEAK: marked("Removed: the second check found something that should have been covered."),
}
CAUSES: Final = {
    CauseKind.AGENT_SILENT: marked("Agent {agent_id} has fallen silent. Check that its machine and network are up."),
    CauseKind.BROKER_AWAY: marked("The centre has no connection to the broker, so nobody knows."),
    CauseKind.AGENT_REVOKED: marked(
        "The certificate of agent {agent_id} was revoked at {time}: nothing it sends counts."
        " Take its box down or enrol it anew, beginning with: wayside-provision agent new"
    ),
    CauseKind.AGENT_PENDING: marked("Agent {agent_id} has not enrolled yet. On its box run: wayside-edge enrol BUNDLE"),
}


def cause(device: CameraView | AgentView, _: Language) -> str:
    """Writes why a camera or an agent is in its state; an agent's own text is passed on as it is."""
    template = CAUSES.get(device.cause_kind)
    if template is None:
        return device.cause
    time = "" if device.since_ms is None else moments.local(device.since_ms)
    return _(template).format(agent_id=device.agent_id, time=time)


def summary(classes: Iterable[MachineClass], _: Language) -> str:
    """Writes counts of classes, `Bicycle ×2 · Car ×1`, the most frequent first."""
    counts = Counter(classes)
    return " · ".join(f"{_(CLASSES[cls])} ×{count}" for cls, count in counts.most_common())


def boxes(machines: Iterable[tuple[int | None, MachineClass, float, Box]], _: Language) -> list[dict[str, object]]:
    """Makes the boxes that `picture.js` draws. A machine with an index is numbered from 1, as its crop is."""
    return [
        {
            "box": [box.x0, box.y0, box.x1, box.y1],
            "tone": "two" if cls.is_two_wheeler else "four",
            "label": (f"{index + 1} " if index is not None else "") + f"{_(CLASSES[cls])} {score:.0%}",
        }
        for index, cls, score, box in machines
    ]


def edge_boxes(machines: Iterable[Machine], _: Language) -> list[dict[str, object]]:
    """Makes the boxes of a fresh *observed* hint."""
    return boxes(((None, machine.cls, machine.score, machine.box) for machine in machines), _)


def picture_alt(camera: str, at_ms: int, classes: Iterable[MachineClass], _: Language) -> str:
    """Describes the picture in words, for users who cannot see it."""
    what = summary(classes, _) or _("no machine")
    return _("Redacted picture of {camera} at {time}: {what}").format(
        camera=camera, time=moments.local(at_ms), what=what
    )
