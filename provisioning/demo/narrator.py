"""Prints the progress of a demo, with the seconds since the command began."""

import time

from rich.console import Console
from rich.markup import escape


class Narrator:
    """Prints one line for each event, for a person who reads along."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began_at_s = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self._began_at_s

    def say(self, text: str) -> None:
        """Prints one line, with the seconds in front."""
        self._console.print(f"[dim]{self.seconds:6.1f} s[/dim]  {escape(text)}", highlight=False, soft_wrap=True)
