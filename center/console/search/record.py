"""Draws all that is known of one observation: its picture, its machines cut out, facts, redaction and hashes."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from nicegui import ui

from center.console import labels
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.marked_image import MarkedImage
from center.console.widgets.markup import moment, words
from center.console.widgets.picture import Picture, crop_path
from center.search.views import MachineView, ObservationView
from provisioning.contracts.wire.messages import PictureState

SHORT_HASH: Final = 16


def show_picture(picture: Picture, found: ObservationView, src: str, camera: str, _: Language) -> None:
    """Shows the picture at `src` with its machines, or why there is none."""
    classes = [machine.cls for machine in found.machines]
    kept = found.picture is PictureState.KEPT
    picture.show(
        src if kept else None,
        boxes=labels.boxes(((machine.index, machine.cls, machine.score, machine.box) for machine in found.machines), _),
        alt=labels.picture_alt(camera, found.captured_at_ms, classes, _),
        note=_(labels.PICTURES[found.picture]) if not kept else "",
    )


def crops(
    found: ObservationView, _: Language, *, seeks: bool, compare: Callable[[MachineView], object] | None = None
) -> None:
    """Draws the machines cut out, with links to add one to a case and buttons to compare one; none without a picture.

    `compare` is called with the machine to compare.
    """
    if not found.machines or found.picture is not PictureState.KEPT:
        return
    with ui.element("div").classes("ws-panel"):
        words("h2", _("Vehicles")).classes("ws-section")
        with ui.element("div").classes("ws-crops"):
            for machine in found.machines:
                label = machine_label(machine, _)
                with ui.element("div").classes("ws-crop"):
                    MarkedImage(crop_path(found.row_key, machine.index), alt=label, lazy=True)
                    words("span", label)
                    if seeks:
                        ui.link(_("Add to case"), f"/cases?seek={quote(f'{found.row_key}~{machine.index}')}")
                    if compare is not None:
                        button = ui.button(
                            _("Compare"), color=None, on_click=lambda machine=machine: compare(machine)
                        ).props("flat dense no-caps")
                        button.props["aria-label"] = _("Compare {vehicle}").format(vehicle=label)


def machine_label(machine: MachineView, _: Language) -> str:
    """Names a machine of an observation: its number, class, colour and score."""
    colour = [] if machine.colour is None else [_(labels.COLOURS[machine.colour])]
    return " · ".join([f"{machine.index + 1} {_(labels.CLASSES[machine.cls])}", *colour, f"{machine.score:.0%}"])


def facts(found: ObservationView, _: Language) -> None:
    """Draws the main facts."""
    seconds = (found.committed_at_ms - found.captured_at_ms) / 1000
    with ui.element("div").classes("ws-panel"), ui.element("dl").classes("ws-facts"):
        _time(_("Captured"), found.captured_at_ms)
        _text(_("Clock"), _(labels.CLOCKS[found.clock]) if found.time_trusted else _("Not reliable"))
        _time(_("Archived"), found.committed_at_ms)
        _text(_("Delay"), _("{seconds} s").format(seconds=f"{seconds:.1f}"))
        _text(_("Camera"), found.camera_id)
        _text(_("Agent"), found.agent_id)
        _text(_("Vehicles"), labels.summary((machine.cls for machine in found.machines), _) or _("No vehicle"))


def more(found: ObservationView, _: Language) -> None:
    """Draws quality, redaction and integrity, folded away."""
    with ui.element("div").classes("ws-panel"), ui.element("details").classes("ws-more"):
        words("summary", _("Picture and redaction"))
        with ui.element("dl").classes("ws-facts"):
            _text(_("Picture size"), f"{found.width} × {found.height}")
            _text(_("Sharpness"), f"{found.quality.sharpness:.0%}")
            _text(_("Exposure"), f"{found.quality.brightness:.0%}")
            _text(_("Contrast"), f"{found.quality.contrast:.0%}")
            _text(_("Covered area"), f"{found.covered_share:.1%}")
            _text(_("Redaction policy"), found.redaction_policy)
            for model, sha256 in sorted(found.redaction_models.items()):
                _hash(_("Model {name}").format(name=model), sha256)
            _hash(_("Picture SHA-256"), found.picture_sha256)
            _text(_("Record ID"), found.row_key).classes("ws-mono")


def _text(name: str, value: str) -> ui.element:
    words("dt", name)
    return words("dd", value)


def _time(name: str, at_ms: int) -> None:
    words("dt", name)
    moment(moments.local(at_ms), moments.utc(at_ms), tag="dd")


def _hash(name: str, sha256: str) -> None:
    words("dt", name)
    words("dd", f"{sha256[:SHORT_HASH]}…", title=sha256).classes("ws-mono")
