"""What is no SIP message. In a file of its own, because every file of the SIP layer raises it."""

from edge_agent.gb28181.sip.errors import ProtocolError


class SipError(ProtocolError):
    """A SIP message that cannot be taken: which rule it breaks, and where."""
