"""Defines the error over a malformed SIP message; a file of its own, because every file of the SIP layer raises it."""

from edge_agent.gb28181.sip.errors import ProtocolError


class SipError(ProtocolError):
    """A SIP message that cannot be read. The text names the rule that it breaks, and where."""
