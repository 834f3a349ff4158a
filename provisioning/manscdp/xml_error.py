"""The error of a document that is no XML or is out of bounds, and the bound that reading and mending share."""

from typing import Final

from provisioning.sip.errors import ProtocolError

MAX_DEPTH: Final = 16
"""Elements within one another. MANSCDP has at most five."""


class XmlError(ProtocolError):
    """Refuses a document: no XML, over a bound, or with a document type declaration."""
