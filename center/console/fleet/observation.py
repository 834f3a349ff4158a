"""Draws one observation: its picture large, its machines cut out, and all that is known of it."""

from typing import Final
from urllib.parse import quote

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission
from center.console import labels
from center.console.frame import case_path, frame, opens
from center.console.language import Language
from center.console.search.query import PATH as SEARCH
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.picture import Picture, case_picture_path, crop_path, picture_path
from center.errors import marked
from center.search.client import ObservationView
from center.services import identity_of, services_of, sight_of
from provisioning.contracts.wire.messages import PictureState

TITLE: Final = marked("Observation")
SHORT_HASH: Final = 16


async def observation(request: Request, row_key: str) -> None:
    """Draws the page `/observations/{row_key}`.

    Raises:
        CenterError: see `Search.observation`.
    """
    found = await services_of(request).search.observation(
        row_key, actor=identity_of(request).actor, sight=sight_of(request)
    )
    _draw(request, found, None)


async def case_observation(request: Request, case_id: str, row_key: str) -> None:
    """Draws `/cases/{case_id}/observations/{row_key}`, also for users with a role in that case alone.

    Raises:
        CenterError: see `CaseObservations.observation`.
    """
    found = await services_of(request).cases.lookalikes.observation(
        case_id, row_key, asker=identity_of(request), sight=sight_of(request)
    )
    _draw(request, found, case_id)


def _draw(request: Request, found: ObservationView, number: str | None) -> None:
    access = identity_of(request).access
    camera = services_of(request).devices.camera(found.agent_id, found.camera_id)
    name = found.camera_id if camera is None else camera.title
    with frame(request, title=TITLE, active=SEARCH if number is None else "/cases") as _:
        with ui.element("div").classes("ws-title"):
            if number is not None:
                ui.link(number, case_path(number))
            elif opens(request, SEARCH):
                ui.link(_("Search"), SEARCH)
            words("h1", name)
        with ui.element("div").classes("ws-detail"):
            with ui.element("div").classes("ws-panel"):
                src = picture_path(found.row_key) if number is None else case_picture_path(number, found.row_key)
                _picture(found, src, name, _)
            with ui.element("div").classes("ws-side"):
                _facts(found, _)
                if number is None and found.machines and found.picture is PictureState.KEPT:
                    _crops(found, _, seeks=access.permits(Permission.CASE_EDIT))
                _more(found, _)


def _picture(found: ObservationView, src: str, camera: str, _: Language) -> None:
    classes = [machine.cls for machine in found.machines]
    kept = found.picture is PictureState.KEPT
    Picture(_).show(
        src if kept else None,
        boxes=labels.boxes(((machine.index, machine.cls, machine.score, machine.box) for machine in found.machines), _),
        alt=labels.picture_alt(camera, found.captured_at_ms, classes, _),
        note=_(labels.PICTURES[found.picture]) if not kept else "",
    )


def _crops(found: ObservationView, _: Language, *, seeks: bool) -> None:
    with ui.element("div").classes("ws-panel"):
        words("h2", _("Vehicles")).classes("ws-section")
        with ui.element("div").classes("ws-crops"):
            for machine in found.machines:
                label = f"{machine.index + 1} {_(labels.CLASSES[machine.cls])} {machine.score:.0%}"
                with ui.element("div").classes("ws-crop"):
                    image = ui.element("img").props('loading="lazy"')
                    image.props["src"] = crop_path(found.row_key, machine.index)
                    image.props["alt"] = label
                    words("span", label)
                    if seeks:
                        ui.link(_("Add to case"), f"/cases?seek={quote(f'{found.row_key}~{machine.index}')}")


def _facts(found: ObservationView, _: Language) -> None:
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


def _more(found: ObservationView, _: Language) -> None:
    """Draws quality, redaction and integrity, folded away."""
    with ui.element("div").classes("ws-panel"), ui.element("details").classes("ws-more"):
        words("summary", _("Picture and redaction"))
        with ui.element("dl").classes("ws-facts"):
            _text(_("Picture size"), f"{found.width} × {found.height}")
            _text(_("Sharpness"), f"{found.quality.sharpness:.0%}")
            _text(_("Brightness"), f"{found.quality.brightness:.0%}")
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
