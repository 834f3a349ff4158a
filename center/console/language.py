"""Translates the console's texts through gettext. English is the source; Chinese is what most users read."""

import gettext
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from center.errors import CenterError

DOMAIN: Final = "center"
DEFAULT: Final = "zh"
MAX_HEADER: Final = 512


@dataclass(frozen=True, slots=True)
class Language:
    """One of `LANGUAGES`. Called with an English text, it returns the text in this language."""

    code: str
    tag: str
    """BCP 47, for the page and for the browser's speech; also Quasar's name of the language."""
    locale: str | None
    """Folder of the catalogue, None for the source language."""
    own_name: str
    colon: str
    """Joint of a name and what is said of it: full-width in Chinese, without a space."""

    def __call__(self, text: str) -> str:
        """Translates an English text."""
        return _catalogue(self.locale).gettext(text)

    def named(self, name: str, text: str) -> str:
        """Writes a name, a colon and a text, both of this language."""
        return f"{name}{self.colon}{text}"

    def error(self, error: CenterError) -> tuple[str, str]:
        """Translates an error: its message and its remedy."""
        return self(error.message).format(**error.facts), self(error.remedy).format(**error.facts)


LANGUAGES: Final = {
    "zh": Language("zh", "zh-CN", "zh_CN", "中文", "："),
    "en": Language("en", "en-US", None, "English", ": "),
}


@cache
def _catalogue(locale: str | None) -> gettext.NullTranslations:
    """Compiles the catalogue in memory from the .po that ships with the package: no build step can be forgotten."""
    if locale is None:
        return gettext.NullTranslations()
    source = files("center.console") / "locale" / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes()), locale=locale))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def negotiate(accept_language: str) -> Language:
    """Chooses a language by the Accept-Language header (RFC 9110 §12.5.4); Chinese when it names none of them."""
    best, best_quality = DEFAULT, 0.0
    for part in accept_language[:MAX_HEADER].split(","):
        tag, _, parameter = part.partition(";")
        code = tag.strip().lower().partition("-")[0]
        name, _, value = parameter.strip().partition("=")
        try:
            quality = float(value) if name == "q" else 1.0
        except ValueError:
            quality = 0.0
        if code in LANGUAGES and quality > best_quality:
            best, best_quality = code, quality
    return LANGUAGES[best]
