"""Draws the page to bring recordings from the browser to a desk agent."""

from typing import Final

from starlette.requests import Request

from center.access.errors import ForbiddenError
from center.access.permissions import Permission
from center.clock import ZONE
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.widgets.markup import words
from center.console.widgets.upload import Upload
from center.errors import CenterError, NotLoggedInError, PurposeMissingError, UnknownCameraError, marked
from center.services import identity_of, services_of
from center.tasks.errors import NotATaskError
from center.tasks.upload_permits import DeskView, NoDeskError, OtherConsoleError, UploadsOffError

PATH: Final = "/tasks/upload"
TITLE: Final = marked("Upload recordings")
_REFUSALS: Final[tuple[type[CenterError], ...]] = (
    UnknownCameraError,
    NotATaskError,
    UploadsOffError,
    NoDeskError,
    OtherConsoleError,
    PurposeMissingError,
    ForbiddenError,
    NotLoggedInError,
)
"""Refusals of the centre, when a page asks for a permit."""
_WORDS: Final = {
    "camera": marked("Desk and camera"),
    "purpose": marked("Purpose"),
    "zone": marked("Time zone of the start times"),
    "choose": marked("Choose…"),
    "files": marked("Files"),
    "times": marked(
        "Enter for each file when it begins. Names and dates of files are hints: they often give the end of a "
        "recording."
    ),
    "start": marked("Start of the recording"),
    "remove": marked("Remove"),
    "upload": marked("Upload"),
    "uploads": marked("Uploads"),
    "progress": marked("Progress"),
    "named": marked("the name suggests {time}"),
    "changed": marked("last changed {time}"),
    "left": marked("An upload was interrupted. Choose the same file again: it continues where it stopped."),
    "forget": marked("Discard"),
    "unkept": marked("This browser keeps nothing: after a reload, enter the start times again."),
    "pause": marked("Pause"),
    "resume": marked("Resume"),
    "again": marked("Try again"),
    "cancel": marked("Cancel"),
    "waiting": marked("waiting"),
    "sending": marked("uploading"),
    "paused": marked("paused"),
    "done": marked("complete"),
    "failed": marked("failed"),
    "cancelled": marked("cancelled"),
    "busy": marked("waiting: another recording is being brought to this camera"),
    "retrying": marked("connection lost, trying again"),
    "held": marked("waiting for room at the desk"),
    "known": marked("already complete: nothing was sent"),
    "after": marked("continued at {time}"),
    "times_real": marked("{times}× real time"),
    "found": marked("{count} pictures found"),
}
_FAULTS: Final = {
    "unreachable": (
        marked("The browser cannot reach the desk."),
        marked(
            "Open its address once in this browser. If it warns about the certificate, have the site's authority "
            "installed. If nothing opens, check the network to the desk."
        ),
    ),
    "permit": (
        marked("The desk does not accept permits of this centre."),
        marked("Check that the desk agent is enrolled, and that the centre's warrant permits uploads."),
    ),
    "permit_expired": (
        marked("The desk says that the permit has expired."),
        marked("Compare the clocks of the centre and the desk agent."),
    ),
    "permit_used": (
        marked("The desk says that the permit was used before."),
        marked("Compare the clocks of the centre and the desk agent."),
    ),
    "other_origin": (
        marked("The desk takes recordings from another console."),
        marked("Open the console at the address in console_url of the desk agent, or correct that."),
    ),
    "other_camera": (marked("The permit is for another camera."), marked("Reload the page and try again.")),
    "other_account": (
        marked("Another account is bringing this file."),
        marked("Log in with that account, or wait until it has ended."),
    ),
    "camera_unknown": (
        marked("The desk agent has no camera {camera_id} for recordings."),
        marked("Reload the page and choose another camera."),
    ),
    "paused": (
        marked("Camera {camera_id} is paused: the second check found a face or plate that was not covered."),
        marked("Have the cause looked at, resume the camera at its agent, and try again."),
    ),
    "implausible_start": (
        marked("The start is missing, before the year 2000 or in the future."),
        marked("Correct the start time and its time zone."),
    ),
    "too_large": (marked("The file is too large."), marked("Cut the recording in two and upload both parts.")),
    "unknown_container": (
        marked("This is no MP4, MOV, Matroska, AVI, FLV, DAV or MPEG file."),
        marked("Bring it with wayside-edge ingest, or convert it: ffmpeg -i FILE -c copy -an OUT.mkv"),
    ),
    "unreadable": (
        marked("The file cannot be read as a video."),
        marked("Play it in a video player. If it plays, convert it: ffmpeg -i FILE -c copy -an OUT.mkv"),
    ),
    "no_video": (marked("The file contains no pictures."), marked("Choose another file.")),
    "unknown_codec": (
        marked("The video is in a format that is not decoded here."),
        marked("Convert it: ffmpeg -i FILE -c:v libx264 -an OUT.mp4"),
    ),
    "untimed": (
        marked("The pictures in this file have no times of their own."),
        marked("Convert it: ffmpeg -fflags +genpts -i FILE -an OUT.mp4"),
    ),
    "damaged": (
        marked("The file cannot be read to its end. What came before is in."),
        marked("Export it again from the recorder, or repair it: ffmpeg -i FILE -c copy -an OUT.mkv"),
    ),
    "file": (
        marked("The browser cannot read the file any more."),
        marked("It was moved, changed or its disk was removed. Choose it again."),
    ),
    "failed": (
        marked("The desk could not take the file."),
        marked("Try again. If it fails again, look into the log of the desk agent."),
    ),
}


def upload(request: Request) -> None:
    """Draws the page `/tasks/upload`."""
    permits = services_of(request).upload_permits
    desks = permits.desks(identity_of(request).access.scope(Permission.TASK_UPLOAD)) if permits.is_on else ()
    request.state.connect = tuple(sorted({each.address.url for each in desks}))
    with frame(request, title=TITLE, active="/tasks") as _:
        words("h1", _(TITLE))
        if not permits.is_on:
            problem(UploadsOffError(), _, tone="warn")
        elif not desks:
            empty(
                _("No desk in sight takes recordings from the browser"),
                _("Set public_url and console_url in [desk] of a desk agent, or use wayside-edge ingest."),
            )
        else:
            words(
                "p",
                _(
                    "Files go from this browser straight to the desk agent, which covers faces and plates. This "
                    "centre receives neither the files nor their names. Leave this page open until they are complete."
                ),
            ).classes("ws-hint").style("margin: 0")
            _form(_, desks)


def _form(_: Language, desks: tuple[DeskView, ...]) -> None:
    refusals = {kind.code: (_(kind.message), _(kind.remedy)) for kind in _REFUSALS}
    faults = {code: (_(what), _(remedy)) for code, (what, remedy) in _FAULTS.items()}
    offset = ZONE.utcoffset(None)
    Upload(
        [
            {
                "agent_id": each.agent_id,
                "url": each.address.url,
                "console": each.address.console,
                "cameras": [{"id": camera_id, "name": name} for camera_id, name in each.cameras],
            }
            for each in desks
        ],
        {name: _(text) for name, text in _WORDS.items()} | {"colon": _.colon},
        refusals | faults,
        zone_minutes=0 if offset is None else round(offset.total_seconds() / 60),
    )
