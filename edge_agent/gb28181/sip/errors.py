"""Defines the base of errors over a device's input. Anything else that a parser raises is a bug."""


class ProtocolError(Exception):
    """Base of every parser's own error here. The text never repeats more of the input than a name or a number."""
