"""Decodes GB18030, GB2312 or UTF-8, recognized by the bytes, since the declaration is often wrong.

UTF-8 hanzi decode without an error as GB18030 mojibake, so strict UTF-8 is tried first, over the whole body. The other
way round a GB2312 text of one, two or three common hanzi is valid UTF-8 by chance in 18, 3.3 and 0.6 % of cases (联通),
and reads as Greek or Cyrillic then. For such short texts, and only for them, the declaration decides: of 100,000 names
of each length drawn from the common hanzi, in either coding under a GB2312 label, none is misread.
"""

import re
from typing import Final

from provisioning.sip.edition import Version

_BOM: Final = b"\xef\xbb\xbf"
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,128}?encoding\s*=\s*[\"']\s*([A-Za-z0-9_.-]{1,32})", re.IGNORECASE)
_HIGH: Final = re.compile(rb"[\x80-\xff]")
_MAX_TIE_BYTES: Final = 6
"""Bytes of three GB2312 characters."""
_FIRST_THREE_BYTE_CHARACTER: Final = "\u0800"
_REPLACED: Final = "\ufffd"
_GOOD_PER_REPLACED: Final = 4
"""A UTF-8 text in which firmware cut a name within a character has this many good hanzi for each bad; a GB18030 text
read as UTF-8 has next to none."""


def decode(body: bytes) -> str:
    """Decodes a body, whatever it declares. BOM and NULs go; bytes that are no character become U+FFFD."""
    data = body.removeprefix(_BOM).replace(b"\x00", b"")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _damaged(data)
    return _short(data, text)


def declaration(version: Version) -> str:
    """Returns the first line of a body that we send: the label differs, the bytes are GB18030 for all."""
    return f'<?xml version="1.0" encoding="{"GB18030" if version.is_2022 else "GB2312"}"?>'


def encode(text: str) -> bytes:
    """Encodes a body as GB18030, of which GB2312 is a part, and which has every character there is."""
    return text.encode("gb18030", "replace")


def _short(data: bytes, utf_8: str) -> str:
    """Decodes valid UTF-8 as GB2312 where it is so short, and so foreign to a Chinese device, that it may be that."""
    if len(_HIGH.findall(data)) > _MAX_TIE_BYTES:
        return utf_8
    declared = _DECLARED.match(data.lstrip())
    is_foreign = any("\x7f" < character < _FIRST_THREE_BYTE_CHARACTER for character in utf_8)
    if declared is None or not declared[1].lower().startswith(b"gb") or not is_foreign:
        return utf_8
    try:
        return data.decode("gb2312")
    except UnicodeDecodeError:
        return utf_8


def _damaged(data: bytes) -> str:
    """Decodes a body that is no valid UTF-8 as GB18030, unless nearly all of it is UTF-8 nonetheless."""
    text = data.decode("utf-8", "replace")
    good = sum(character >= _FIRST_THREE_BYTE_CHARACTER for character in text)
    replaced = text.count(_REPLACED)
    return text if good - replaced >= _GOOD_PER_REPLACED * replaced else data.decode("gb18030", "replace")
