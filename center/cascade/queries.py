"""Reads what superiors ask: the head of a MANSCDP body, and no more of it. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from center.cascade import refusals
from center.cascade.refusals import AskRefusal
from provisioning.manscdp import charset, xml_tree
from provisioning.manscdp.xml_error import XmlError
from provisioning.sip import message as sip

MAX_BYTES: Final = 8192
_FIELDS: Final = xml_tree.names("CmdType SN DeviceID AlarmMethod StartAlarmPriority EndAlarmPriority")
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_FAULT_METHODS: Final = frozenset({"", "0", "6"})
ANSWERED: Final = frozenset({"catalog", "deviceinfo", "devicestatus"})
_REFUSED: Final = {
    "recordinfo": refusals.RECORDS,
    "mobileposition": refusals.POSITIONS,
    "configdownload": refusals.CONFIGURATION,
    "deviceconfig": refusals.CONFIGURATION,
    "devicecontrol": refusals.CONTROL,
}


class AskRefusedError(Exception):
    """A request that is refused; the text is the refusal's name."""

    def __init__(self, refusal: AskRefusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.name)


@dataclass(frozen=True, slots=True)
class SuperiorQuery:
    """A query or a command of a superior."""

    root: str
    """query, control, notify or response."""
    cmd_type: str
    """CmdType in lower case, as `recordinfo`."""
    sn: int
    device_id: str
    wants_faults: bool
    """True if the subscription to alarms includes faults of devices."""

    @property
    def refusal(self) -> AskRefusal | None:
        """The reason that it is not answered; None: it is, or it is itself an answer."""
        if self.root == "response" or (self.root == "query" and self.cmd_type in ANSWERED):
            return None
        fallback = refusals.CONTROL if self.root == "control" else refusals.NOT_OFFERED
        return _REFUSED.get(self.cmd_type, fallback)


def parse(body: bytes) -> SuperiorQuery:
    """Parses one body.

    Raises:
        AskRefusedError: it is too long, no XML, or lacks its head.
    """
    if len(body) > MAX_BYTES:
        raise AskRefusedError(refusals.OVERSIZE)
    if not sip.is_xml(body):
        raise AskRefusedError(refusals.MALFORMED)
    try:
        root, _ = xml_tree.tree(charset.decode(body), _FIELDS)
    except XmlError as error:
        raise AskRefusedError(refusals.MALFORMED) from error
    cmd_type, sn, device_id = (root.get(name) or "" for name in ("CmdType", "SN", "DeviceID"))
    if root.name not in {"query", "control", "notify", "response"} or not cmd_type:
        raise AskRefusedError(refusals.MALFORMED)
    if not _NUMBER.fullmatch(sn) or not _ID.fullmatch(device_id):
        raise AskRefusedError(refusals.MALFORMED)
    method = root.get("AlarmMethod") or ""
    return SuperiorQuery(
        root=root.name,
        cmd_type=cmd_type.lower(),
        sn=int(sn),
        device_id=device_id,
        wants_faults=not _FAULT_METHODS.isdisjoint(method.split("/")) or "6" in method,
    )
