"""Recognizes an INFO within a session that announces a recording's end. The standard wants a MESSAGE for it."""

import re
from typing import Final

from edge_agent.gb28181.manscdp import body as manscdp
from edge_agent.gb28181.manscdp.message_types import MediaStatus

_TEARDOWN: Final = re.compile(rb"\s*TEARDOWN\s", re.IGNORECASE)
_TEXT: Final = re.compile(rb"MediaStatus\b[^\0]{0,500}\b121\b")
"""`MediaStatus` 121 in a body that is no XML."""


def tells_file_end(body: bytes) -> bool:
    """True for `MediaStatus` 121 as MANSCDP or as loose text, and for the device's own TEARDOWN (MANSRTSP)."""
    try:
        content = manscdp.parse(body).content
    except manscdp.ManscdpError:
        return _TEARDOWN.match(body) is not None or _TEXT.search(body) is not None
    return isinstance(content, MediaStatus) and content.is_end
