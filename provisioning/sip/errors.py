"""Defines the errors over a device's input that all layers raise. Anything else that a parser raises is a bug."""


class ProtocolError(Exception):
    """Base of every parser's own error here. The text never repeats more of the input than a name or a number."""


class SipError(ProtocolError):
    """A SIP message that cannot be read. The text names the rule that it breaks, and where."""
