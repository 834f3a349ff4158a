"""Reads and writes MANSCDP texts as devices do: charset, order of elements, and faults."""

import re
from typing import Final, NamedTuple

from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault

_ELEMENT: Final = re.compile(r"<([A-Za-z]+)>([^<>]{0,400})</\1>")
_ROOT: Final = re.compile(r"<(Query|Control|Response|Notify)[\s>]")
MAX_BODY_BYTES: Final = 65_535


class PlatformMessage(NamedTuple):
    """Content of a MESSAGE or SUBSCRIBE from the platform."""

    kind: str
    """Root element: Query, Control, Response or Notify."""
    command: str
    sn: str
    target: str
    """DeviceID: a device or one of its channels."""
    said: dict[str, str]
    """Texts of all elements without children, by name."""


def read(body: bytes) -> PlatformMessage | None:
    """Reads a body; None if it is no MANSCDP. Only the platform writes these, so it need not bear much."""
    if len(body) > MAX_BODY_BYTES:
        return None
    text = body.decode("gb18030", "replace")
    root = _ROOT.search(text)
    said = dict(_ELEMENT.findall(text))
    if root is None or "CmdType" not in said:
        return None
    return PlatformMessage(root[1], said["CmdType"].strip(), said.get("SN", ""), said.get("DeviceID", "").strip(), said)


def escaped(text: str, profile: DeviceProfile) -> str:
    """Escapes a text for an element."""
    if profile.has(DeviceFault.UNESCAPED):
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def written(profile: DeviceProfile, kind: str, command: str, sn: str, target: str, inner: str) -> bytes:
    """Writes a body; `inner` is XML already."""
    new = profile.gb_version == "3.0"
    cmd_tag, sn_tag, id_tag = "CmdType", "SN", "DeviceID"
    if profile.has(DeviceFault.LOWER_CASE_TAGS):
        cmd_tag, sn_tag, id_tag = "cmdtype", "sn", "deviceid"
    if profile.has(DeviceFault.ATTRIBUTES):
        head = f'<{kind} {cmd_tag}="{command}" {sn_tag}="{sn}">\n'
    else:
        head = f"<{kind}>\n<{cmd_tag}>{command}</{cmd_tag}>\n<{sn_tag}>{sn}</{sn_tag}>\n"
    if profile.has(DeviceFault.EXTRA_CLOSE_TAG):
        inner = inner.replace("</Item>", "</Item></Item>", 1)
    label = "GB18030" if new else "GB2312"
    text = f'<?xml version="1.0" encoding="{label}"?>\n{head}<{id_tag}>{target}</{id_tag}>\n{inner}</{kind}>\n'
    utf8 = profile.has(DeviceFault.UTF8_AS_GB2312)
    data = text.replace("\n", "\r\n").encode("utf-8" if utf8 else "gb18030")
    return data + (bytes(3) if profile.has(DeviceFault.NUL_BYTES) else b"")
