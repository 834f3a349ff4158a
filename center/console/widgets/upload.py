"""Brings recordings from the browser to desk agents: the files go there alone, by pieces that the desk asks for."""

from collections.abc import Mapping, Sequence

from nicegui.element import Element


class Upload(Element, component="upload.js"):
    """The form, and a row for each file. What it holds of files never leaves the browser but to the desk."""

    def __init__(
        self,
        desks: Sequence[Mapping[str, object]],
        words: Mapping[str, str],
        faults: Mapping[str, tuple[str, str]],
        *,
        zone_minutes: int,
    ) -> None:
        """`faults`: cause and remedy by the code of a refusal. `zone_minutes`: offset of the archive's zone."""
        super().__init__()
        self._props["desks"] = tuple(desks)
        self._props["words"] = dict(words)
        self._props["faults"] = dict(faults)
        self._props["zone"] = zone_minutes
