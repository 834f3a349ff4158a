"""Writes a MANSCDP document by the edition of its reader (GB/T 28181-2022, annex A.2)."""

from html import escape
from typing import Final

from provisioning.manscdp import charset
from provisioning.sip.edition import Version

CONTENT_TYPE: Final = "Application/MANSCDP+xml"


def document(
    version: Version, root: str, cmd_type: str, sn: int, device_id: str, *rest: tuple[str, str], inner: str = ""
) -> bytes:
    """Writes a body with its children in the standard's order: CmdType, SN, DeviceID, the rest, then `inner`, XML."""
    children = (("CmdType", cmd_type), ("SN", str(sn)), ("DeviceID", device_id), *rest)
    lines = [element(name, text) for name, text in children] + ([inner] if inner else [])
    return charset.encode("\r\n".join([charset.declaration(version), f"<{root}>", *lines, f"</{root}>", ""]))


def element(name: str, text: str) -> str:
    """Writes one element with a text, escaped."""
    return f"<{name}>{escape(text, quote=False)}</{name}>"
