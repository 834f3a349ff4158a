"""Decodes pictures in base64, as devices write it."""

import binascii
import json
from typing import Final

from edge_agent.viid.json_reader import MalformedBodyError

_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_SPACE: Final = b" \t\r\n\f\v"
_MARK: Final = b"base64,"
_LONGEST_PREFIX: Final = 128


def picture_bytes(data: memoryview) -> bytes:
    r"""Decodes a string of base64, as `Reader.raw` gives it.

    Tolerated: a `data:` prefix, line breaks, escapes (`\/`, `\u003d`), the URL-safe alphabet, padding left out.

    Raises:
        MalformedBodyError: something else, or nothing.
    """
    comma = bytes(data[:_LONGEST_PREFIX]).find(_MARK)
    if comma >= 0:
        data = data[comma + len(_MARK) :]
    try:
        return _decoded(data)
    except binascii.Error:
        pass
    try:
        text = json.loads(b'"%b"' % data.tobytes(), strict=False) if b"\\" in data.tobytes() else None
        clean = data.tobytes() if text is None else text.encode("ascii")
        clean = clean.translate(_URL_SAFE, _SPACE).rstrip(b"=")
        return _decoded(clean + b"=" * (-len(clean) % 4))
    except (binascii.Error, ValueError) as error:
        raise MalformedBodyError("a picture is not in base64") from error


def _decoded(data: memoryview | bytes) -> bytes:
    if not len(data):
        raise binascii.Error
    return binascii.a2b_base64(data, strict_mode=True)
