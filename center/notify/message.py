"""A notification message: camera, rule, time, and a path into the console. There is no field for anything else.

No picture, no person, no plate: a label that looks like a plate, a mobile number or an identity number is refused, for
the two labels are typed by people.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from provisioning.contracts.ids import CameraId
from provisioning.contracts.wire.messages import TimeMs

MESSAGE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
LINK_PATTERN: Final = r"^/[A-Za-z0-9/_.:-]{0,199}$"
"""A path of the console: no host, no query, no fragment."""
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Za-hj-np-z][·.\s-]?"
    r"[A-HJ-NP-Za-hj-np-z0-9]{5,6}(?![A-Za-z0-9])"
)
"""GA 36-2018: province, office, five characters, or six of a new-energy vehicle."""
_NUMBER: Final = re.compile(r"(?<!\d)(?:(?:86)?1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")
"""A mobile number, or an identity number of GB 11643."""


def names_somebody(value: str) -> bool:
    """True if something in a text looks like a plate, a mobile number or an identity number."""
    return bool(_PLATE.search(value) or _NUMBER.search(value))


def _says_nothing_of_anybody(value: str) -> str:
    if _PLATE.search(value):
        raise ValueError("looks like a number plate, which no message may hold")
    if _NUMBER.search(value):
        raise ValueError("looks like a mobile or identity number, which no message may hold")
    return value


Label = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"),
    AfterValidator(_says_nothing_of_anybody),
]
_LABEL: Final[TypeAdapter[str]] = TypeAdapter(Label)


class Message(BaseModel):
    """Message about one alarm. Times are milliseconds since the Unix epoch, UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=MESSAGE_PATTERN)
    """Id of the alarm's notice: a message delivered again with the same id is sent once."""
    camera_id: CameraId
    camera_name: Label
    rule: Label
    at_ms: TimeMs
    link: str = Field(pattern=LINK_PATTERN)


def label_or(text: str, instead: str) -> str:
    """Returns what a user typed, or `instead` if a message may not hold it."""
    try:
        return _LABEL.validate_python(text[:64])
    except ValidationError:
        return instead


def parcel_id(message_id: str, channel: str, recipient: str) -> str:
    """Returns the id of a message to one recipient for the receiving side: 32 hex digits, the same at each attempt."""
    return hashlib.sha256(f"{message_id}\0{channel}\0{recipient}".encode()).hexdigest()[:32]


def moment(at_ms: int, offset_minutes: int) -> str:
    """Formats a time as `2026-11-24 15:46:03 +08:00`."""
    zone = timezone(timedelta(minutes=offset_minutes))
    text = datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M:%S %z")
    return f"{text[:-2]}:{text[-2:]}"


def blanks(message: Message, offset_minutes: int) -> dict[str, str]:
    """Returns the values for a template's placeholders."""
    return {
        "camera": message.camera_name,
        "rule": message.rule,
        "time": moment(message.at_ms, offset_minutes),
        "link": message.link,
    }


def _plain(text: str) -> str:
    """Returns a text as a filter reads it: one width, one case, no blanks, nothing invisible."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in folded if not letter.isspace() and unicodedata.category(letter) != "Cf")


def holds_any(text: str, words: Iterable[str]) -> bool:
    """True if `text` holds one of `words`, however it is spaced or written."""
    seen = _plain(text)
    return any(_plain(word) in seen for word in words if _plain(word))
