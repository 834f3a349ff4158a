"""Names the states and decisions of cases for people, with their colours."""

from typing import Final

from center.cases.states import Act, CaseState
from center.errors import marked
from provisioning.contracts.query.archive import MachineColour

STATES: Final = {
    CaseState.DRAFT: marked("Draft"),
    CaseState.REQUESTED: marked("Waits for approval"),
    CaseState.APPROVED: marked("Approved"),
    CaseState.CLOSED: marked("Closed case"),
    CaseState.EXPIRED: marked("Expired"),
}
TONES: Final = {
    CaseState.DRAFT: "off",
    CaseState.REQUESTED: "warn",
    CaseState.APPROVED: "ok",
    CaseState.CLOSED: "off",
    CaseState.EXPIRED: "bad",
}
ACTS: Final = {
    Act.CREATE: marked("written"),
    Act.CHANGE: marked("changed"),
    Act.REQUEST: marked("approval requested"),
    Act.WITHDRAW: marked("request withdrawn"),
    Act.REFUSE: marked("refused"),
    Act.APPROVE: marked("approved"),
    Act.REVISE: marked("taken back for revision"),
    Act.CLOSE: marked("closed"),
    Act.EXPIRE: marked("expired"),
}
BUTTONS: Final = {
    Act.REQUEST: marked("Request approval"),
    Act.WITHDRAW: marked("Withdraw request"),
    Act.APPROVE: marked("Approve"),
    Act.REFUSE: marked("Refuse"),
    Act.REVISE: marked("Revise"),
    Act.CLOSE: marked("Close case"),
}
COLOURS: Final = {
    MachineColour.BLACK: marked("Black"),
    MachineColour.WHITE: marked("White"),
    MachineColour.GREY: marked("Grey or silver"),
    MachineColour.RED: marked("Red"),
    MachineColour.BLUE: marked("Blue"),
    MachineColour.YELLOW: marked("Yellow"),
    MachineColour.ORANGE: marked("Orange"),
    MachineColour.BROWN: marked("Brown"),
    MachineColour.GREEN: marked("Green"),
    MachineColour.PURPLE: marked("Purple"),
    MachineColour.PINK: marked("Pink"),
}
