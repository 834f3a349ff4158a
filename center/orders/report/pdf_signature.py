"""Signs a PDF by an incremental update (ISO 32000-1, 12.8): what is signed stays byte for byte as it was written.

The signature is a detached CMS over all bytes but its own (`adbe.pkcs7.detached`), so that a reader of PDF verifies it.
Reads the classic cross-reference table that ReportLab writes, and nothing else.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

Sign = Callable[[bytes], bytes]
"""Returns a detached CMS signature over bytes, as DER."""
ROOM: Final = 8192
"""Bytes that are kept free for the signature; one with two certificates has some 2 KB."""
_RANGE_ROOM: Final = 40


def signed_pdf(pdf: bytes, sign: Sign, *, at_ms: int) -> bytes:
    """Returns the PDF with a signature over all of it."""
    before = _last(rb"startxref\s+(\d+)", pdf)
    size, root = _last(rb"/Size (\d+)", pdf), _last(rb"/Root (\d+) 0 R", pdf)
    page = _page_of(pdf, root)
    signature, field = size, size + 1
    update = bytearray(pdf if pdf.endswith(b"\n") else pdf + b"\n")
    places: dict[int, int] = {}

    def add(number: int, body: bytes) -> None:
        places[number] = len(update)
        update.extend(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    add(root, _extended(_object(pdf, root), b"/AcroForm << /Fields [%d 0 R] /SigFlags 3 >>" % field))
    add(page, _extended(_object(pdf, page), b"/Annots [%d 0 R]" % field))
    add(
        field,
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature) /Rect [0 0 0 0] /F 132 /P %d 0 R /V %d 0 R >>"
        % (page, signature),
    )
    moment = f"{datetime.fromtimestamp(at_ms / 1000, UTC):D:%Y%m%d%H%M%SZ}".encode()
    head = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /M (%s) /ByteRange " % moment
    add(signature, head + b" " * _RANGE_ROOM + b" /Contents <" + b"0" * (2 * ROOM) + b"> >>")
    range_at = places[signature] + len(b"%d 0 obj\n" % signature) + len(head)
    contents_at = range_at + _RANGE_ROOM + len(b" /Contents ")
    update.extend(_cross_references(places, len(update), size=size + 2, root=root, before=before))

    behind_at = contents_at + 2 * ROOM + 2
    covered = b"[0 %d %d %d]" % (contents_at, behind_at, len(update) - behind_at)
    update[range_at : range_at + len(covered)] = covered
    made = sign(bytes(update[:contents_at] + update[behind_at:])).hex().encode()
    if len(made) > 2 * ROOM:
        raise ValueError(f"a signature of {len(made) // 2} bytes does not fit into {ROOM}")
    update[contents_at + 1 : contents_at + 1 + len(made)] = made
    return bytes(update)


def _cross_references(places: dict[int, int], at: int, *, size: int, root: int, before: int) -> bytes:
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in sorted(places.items()))
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (size, root, before, at)
    return b"xref\n" + rows + trailer


def _last(pattern: bytes, pdf: bytes) -> int:
    found = re.findall(pattern, pdf)
    if not found:
        raise ValueError("the PDF has no cross-reference table that can be extended")
    return int(found[-1])


def _object(pdf: bytes, number: int) -> bytes:
    match = re.search(rb"(?:^|\n)%d 0 obj\s*(<<.*?>>)\s*endobj" % number, pdf, re.DOTALL)
    if match is None:
        raise ValueError(f"the PDF has no object {number}")
    return match[1]


def _page_of(pdf: bytes, root: int) -> int:
    """Returns the number of the first page."""
    pages = _last(rb"/Pages (\d+) 0 R", _object(pdf, root))
    kids = re.search(rb"/Kids \[\s*(\d+) 0 R", _object(pdf, pages))
    if kids is None:
        raise ValueError("the PDF has no page")
    return int(kids[1])


def _extended(dictionary: bytes, entry: bytes) -> bytes:
    return dictionary.removesuffix(b">>") + entry + b" >>"
