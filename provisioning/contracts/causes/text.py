"""Makes coded causes, and words them: a code has one text a language, with its remedy, filled from the parameters."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provisioning.contracts.wire.messages import MAX_CAUSE_PARAM, CodedCause

ENGLISH: Final = "en"
CHINESE: Final = "zh"
_BETWEEN: Final = {ENGLISH: ": ", CHINESE: "。"}


@dataclass(frozen=True, slots=True)
class CauseText:
    """Holds the words of one cause: what happened, and what to do, which may be empty. Calling it codes the cause."""

    code: str
    english: tuple[str, str]
    chinese: tuple[str, str]

    def __call__(self, **params: object) -> CodedCause:
        """Codes the cause; a parameter is cut to what the contract allows."""
        return CodedCause(code=self.code, params={name: _printable(str(value)) for name, value in params.items()})

    @property
    def blanks(self) -> frozenset[str]:
        """Names of the parameters."""
        return blanks("".join(self.english))

    def write(self, cause: CodedCause, language: str) -> str:
        """Writes cause and remedy of a cause of this code."""
        what, remedy = (part.format(**cause.params) for part in (self.chinese if language == CHINESE else self.english))
        return f"{what}{_BETWEEN[language]}{remedy}" if remedy else what


def terminal_language(environment: Mapping[str, str]) -> str:
    """Returns the language of a terminal by its locale variables (POSIX): Chinese, or English."""
    names = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return CHINESE if next(filter(None, names), "").startswith("zh") else ENGLISH


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text[:MAX_CAUSE_PARAM])


def blanks(template: str) -> frozenset[str]:
    """Returns the names of a template's blanks."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)
