"""Writes an audit entry as a syslog message (RFC 5424) and frames it for TLS (RFC 5425, section 4.3). Pure.

Structured data has the entry's number and hash, by which a copy elsewhere is compared with the audit, and of its detail
the fields of `CARRIED` alone: a purpose, a name or a search may describe a person, and stays in the audit.
"""

import json
from datetime import UTC, datetime
from typing import Final

from center.audit.chain import ChainEntry

CARRIED: Final = (
    "source",
    "issuer",
    "method",
    "path",
    "permission",
    "user",
    "grants",
    "token_id",
    "scopes",
    "days",
    "count",
    "left",
    "case",
    "case_id",
    "export",
    "row_key",
    "from_ms",
    "to_ms",
    "month",
    "version",
    "rule",
    "district_id",
    "agent_id",
    "camera_id",
    "roster",
    "channel",
    "findings",
    "from",
    "to",
)
"""Fields of a detail that leave the centre: identifiers, addresses, counts and times."""
MAX_VALUE: Final = 256
"""Characters of one value; the rest of a longer one is cut off, for a receiver need not take more than 2,048 bytes of
a message (RFC 5425, section 4.3.1). The whole stands in the audit."""
_APP: Final = "wayside-center"
_MAX_MSGID: Final = 32
_WARNING, _NOTICE, _INFORMATIONAL = 4, 5, 6
_READS: Final = ("view", "show", "picture", "crop", "search", "list")


def write(entry: ChainEntry, *, hostname: str, enterprise_id: str, facility: int) -> bytes:
    """Writes one entry as a message in UTF-8, its text in ASCII."""
    at = datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    named = {"number": str(entry.number), "actor": entry.actor, "action": entry.action, "sha256": entry.sha256}
    said = " ".join(f'{name}="{_escaped(value)}"' for name, value in (named | _carried(entry.detail)).items())
    head = f"<{facility * 8 + severity(entry.action)}>1 {at}Z {_word(hostname, 255)} {_APP} -"
    text = f"{head} {_word(entry.action, _MAX_MSGID)} [wayside@{enterprise_id} {said}] audit entry {entry.number}"
    return text.encode()


def framed(message: bytes) -> bytes:
    """Puts the number of octets before a message."""
    return b"%d %b" % (len(message), message)


def severity(action: str) -> int:
    """Returns the severity of an action: warning for a refusal, informational for a look, else notice."""
    last = action.rpartition(".")[2]
    if last in {"refused", "gap"}:
        return _WARNING
    return _INFORMATIONAL if last.startswith(_READS) else _NOTICE


def _carried(detail: str) -> dict[str, str]:
    about = json.loads(detail)
    return {name: _value(about[name]) for name in CARRIED if _is_plain(about.get(name))}


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str | int) for each in value)
    return isinstance(value, str | int | float)


def _value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _escaped(value: str) -> str:
    cut = value if len(value) <= MAX_VALUE else f"{value[: MAX_VALUE - 1]}…"
    plain = "".join(each if each.isprintable() else "?" for each in cut)
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _word(text: str, longest: int) -> str:
    """Writes a text as printable ASCII without spaces, as the header has it; a hyphen where nothing is left."""
    return "".join(each if "!" <= each <= "~" else "_" for each in text)[:longest] or "-"
