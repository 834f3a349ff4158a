"""Holds a text in the two languages of the training."""

from typing import NamedTuple

from provisioning.contracts.causes.text import CHINESE


class Phrase(NamedTuple):
    """A text in English and Chinese; both have the same blanks, for `str.format`."""

    en: str
    zh: str

    def in_language(self, code: str) -> str:
        """Returns the text in a language of the terminal."""
        return self.zh if code == CHINESE else self.en
