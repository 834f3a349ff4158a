"""Assigns SSRCs to sessions: the ten digits of `y=` (GB/T 28181-2022, annex on SDP).

digit 1: 0 live, 1 history; 2 to 6: digits 4 to 8 of the domain; 7 to 10: unique. RTP carries that number as it is.
"""

from typing import Final

from provisioning.sip.errors import ProtocolError

_EACH: Final = 9_999
"""Numbers of each kind: 0001 to 9999. 0000 is none, as some devices read the whole as none then."""


class NoSsrcError(ProtocolError):
    """Every SSRC is in use."""


class Ssrcs:
    """Hands out SSRCs in turn: one that was given back comes again after all the others."""

    def __init__(self, platform_id: str) -> None:
        """`platform_id`: 20 digits; the first ten are the domain."""
        self._domain = int(platform_id[3:8])
        self._next = {False: 1, True: 1}
        self._used: set[int] = set()

    def take_ssrc(self, *, history: bool) -> int:
        """Takes an SSRC that is not in use.

        Raises:
            NoSsrcError: there is none.
        """
        for _ in range(_EACH):
            number = self._next[history]
            self._next[history] = number % _EACH + 1
            ssrc = history * 1_000_000_000 + self._domain * 10_000 + number
            if ssrc not in self._used:
                self._used.add(ssrc)
                return ssrc
        raise NoSsrcError(f"{_EACH} sessions are open: every SSRC of this platform is in use")

    def give_back(self, ssrc: int) -> None:
        """Frees the SSRC of a session that is over."""
        self._used.remove(ssrc)


def text(ssrc: int) -> str:
    """Writes an SSRC as `y=` and `Subject` carry it."""
    return f"{ssrc:010d}"
