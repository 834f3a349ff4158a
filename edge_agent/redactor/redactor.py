"""Redacts a raw frame to a picture that may leave the site. The only maker of `Redacted`.

It fails closed: whatever goes wrong, `RedactionUnavailable` is raised and nothing is published.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge_agent.clock import Clock
from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.frames import DetectionRequest, Followed, Redacted, Selected, SelectReason
from edge_agent.redactor import cover, detect, faces, search_regions
from edge_agent.redactor.changed_cells import ChangedCells
from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.deadline import Deadline, TooLateError
from edge_agent.redactor.detect import Findings
from edge_agent.redactor.detectors import Detectors
from edge_agent.redactor.quality import quality
from edge_agent.redactor.recent_covers import RecentCovers
from edge_agent.redactor.screen_text import ScreenText, text_bands
from edge_agent.redactor.search_regions import Places
from edge_agent.redactor.still_places import StillPlaces, never
from edge_agent.redactor.text_lines import text_lines
from edge_agent.redactor.tracking import Follower
from engines.errors import EngineError
from provisioning.contracts.causes import pictures
from provisioning.contracts.config.processes import Camera
from provisioning.contracts.config.processes import Redactor as RedactorConfig
from provisioning.contracts.picture_bounds import EDGE
from provisioning.contracts.wire.messages import Box, Machine, Picture, PictureState, Redaction, Snapshot

POLICY: Final = "wayside-2026-11-29f"
"""Names the recipe in every envelope; a new recipe gets a new name, so that pictures of the old one can be found."""
PARTLY: Final = f"{POLICY}+still2"
"""Names the recipe if faces and plates were searched only where the picture had changed (`redactor.still_s`)."""
HIDDEN_SHARE: Final = 0.9
"""A hit this much inside a solid cover is no face: it is an edge of paint."""
GROWTHS: Final = (1.0, 1.15, 1.15)
"""Growth of the covers of faces found in the encoded picture: as any face, then twice more, and larger.

With one cover less 6 of 48 pictures of a motorcycle were withheld for what was found in its wheels and engine.
"""
TIMED_PX: Final = 1920 * 1080
"""`redactor.timeout_s` is for a picture of this size; a larger one has as much longer as it is larger."""
PUSHED_MIN_SIDE_PX: Final = 128
"""Least side of a pushed picture: it may be a close-up that fills the frame, which can defeat a detector."""


@dataclass(frozen=True, slots=True)
class _Covered:
    """A picture that may be published: its bytes, the same decoded, and its covers."""

    picture: bytes
    published: Image
    boxes: tuple[Box, ...]
    added: list[Rect]
    """Covers of faces that were found in the encoded picture only."""


class CameraRedactor:
    """Redacts the pictures of one camera, by its policy."""

    def __init__(
        self, agent_id: str, camera: Camera, settings: RedactorConfig, detectors: Detectors, clock: Clock
    ) -> None:
        self._agent_id = agent_id
        self._camera = camera
        self._settings = settings
        self._detectors = detectors
        self._clock = clock
        self._recent_covers = RecentCovers()
        self._changed_cells = ChangedCells(settings.still_s)
        self._screen_text = ScreenText()
        self._still_places = StillPlaces()
        self._follower = Follower(camera, detectors.machines, clock)

    def redact(self, selected: Selected) -> Redacted:
        """Search, cover, encode, search again. A pushed picture without a machine is withheld: only its row goes.

        The deadline is checked before every run of a model: a picture that takes too long is refused in the middle.

        Raises:
            RedactionUnavailable: its shape is out of bounds, a model failed, a face was still found after the last
                cover, or it took too long.
        """
        height, width = selected.frame.image.shape[:2]
        if fault := EDGE.fault(width, height):
            raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, pictures.PICTURE_OUT_OF_BOUNDS(detail=fault))
        deadline = Deadline(self._clock, self._settings.timeout_s * max(1.0, width * height / TIMED_PX))
        try:
            redacted = self._redacted(selected, self._detectors.checked(deadline.check), deadline)
            deadline.check()
        except (EngineError, cv2.error) as error:
            raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, pictures.MODEL_FAILED(detail=error)) from error
        except ValueError as error:  # too many regions: cover.to_boxes
            raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, pictures.CANNOT_COVER(detail=error)) from error
        except TooLateError as error:
            raise RedactionUnavailable(
                DropReason.REDACTION_TIMEOUT,
                pictures.REDACTION_SLOW(took=error),
            ) from error
        return redacted

    def detect(self, request: DetectionRequest, *, may_take: bool) -> Followed:
        try:
            return self._follower.detect(request, may_take=may_take)
        except (EngineError, cv2.error) as error:
            raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, pictures.MODEL_FAILED(detail=error)) from error

    def forget(self) -> None:
        self._follower.forget()

    def expire(self) -> None:
        self._follower.expire()

    def _redacted(self, selected: Selected, detectors: Detectors, deadline: Deadline) -> Redacted:
        image, at_ms = selected.frame.image, selected.frame.captured_at_ms
        size = (image.shape[1], image.shape[0])
        # A device pushes single pictures: none of them says anything of the next.
        is_single = selected.reason is SelectReason.PUSHED
        text = detectors.beside.begin(lambda: text_bands(image))
        lines = detectors.beside.begin(lambda: text_lines(image, detectors.text) if is_single else [])
        changed = None if is_single else self._changed_cells.changed(image, at_ms)
        where = search_regions.around(changed, size)
        is_still = never if is_single else self._still_places.look(image, self._clock.monotonic_s())
        findings = detect.search_picture(image, detectors, self._camera.policy, where, is_still)
        bands = [Rect(0, 0, *size).at(band) for band in self._camera.policy.always_cover]
        bands += [*self._screen_text.bands(text(), size, at_ms), *lines()]
        recalled = self._recent_covers.recall(at_ms, size, findings.covers)
        boxes = cover.to_boxes([*findings.covers, *recalled, *bands], *size)
        picture = b""
        found: list[Rect] = []
        if not _must_be_withheld(selected, findings):
            # Every new cover is another picture, too.
            to_see = None if where is None or changed is None else changed | search_regions.cells_of(boxes, size)
            covered = self._covered(image, boxes, search_regions.around(to_see, size), detectors, deadline)
            picture, boxes, found = covered.picture, covered.boxes, covered.added
            if not is_single:
                searched = None if where is None else changed
                self._changed_cells.note(at_ms, covered.published, boxes, searched)
        self._recent_covers.note(at_ms, size, cover.to_boxes([*findings.covers, *found], *size))
        return Redacted(
            snapshot=self._envelope(selected, findings, picture, boxes, POLICY if where is None else PARTLY),
            picture=picture,
        )

    def _covered(
        self, image: Image, boxes: tuple[Box, ...], where: Places, detectors: Detectors, deadline: Deadline
    ) -> "_Covered":
        """Cover the picture, and search it (in `where`) as it would be published."""
        deadline.check()
        picture, published = self._encoded(image, boxes)
        hits = faces.showing(published, detectors, self._camera.policy.face_threshold, where)
        added: list[Rect] = []
        for growth in GROWTHS:
            showing = _not_under(boxes, hits, image)
            if not showing:
                break
            new = [cover.face(face).grown(growth) for face in showing]
            added += new
            boxes = _with(boxes, new, image)
            # Only blocks under a new cover are other bytes than those that were searched already.
            picture, published = self._encoded(image, boxes)
            hits = faces.showing_near(published, new, detectors)
        if _not_under(boxes, hits, image):
            raise RedactionUnavailable(
                DropReason.SECOND_LOOK,
                pictures.FACE_REMAINS(),
            )
        return _Covered(picture, published, boxes, added)

    def _encoded(self, image: Image, boxes: Sequence[Box]) -> tuple[bytes, Image]:
        """Encode the JPEG with covers, and decode it as a reader would."""
        # imencode writes a bare JFIF: no EXIF, no thumbnail, no name.
        done, buffer = cv2.imencode(
            ".jpg", cover.paint(image, boxes), [cv2.IMWRITE_JPEG_QUALITY, self._settings.jpeg_quality]
        )
        if not done:
            raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, pictures.CANNOT_ENCODE())
        published = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
        if published is None or published.shape != image.shape:
            raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, pictures.CANNOT_READ_BACK())
        return buffer.tobytes(), np.asarray(published, dtype=np.uint8)

    def _followed(self, selected: Selected, findings: Findings) -> tuple[Machine, ...]:
        """Return the machines with their motion. Pushed pictures are single: nothing in them can be tracked."""
        if selected.reason is SelectReason.PUSHED:
            return findings.machines
        height, width = selected.frame.image.shape[:2]
        return self._follower.with_motion(
            selected.frame.captured_at_ms, findings.machines, findings.doubtful, (width, height)
        )

    def _models(self, selected: Selected) -> dict[str, str]:
        """Return name → sha256 of each model that searched the picture."""
        if selected.reason is not SelectReason.PUSHED:
            return self._detectors.hashes
        return {**self._detectors.hashes, self._detectors.text.name: self._detectors.text.sha256}

    def _envelope(
        self, selected: Selected, findings: Findings, picture: bytes, boxes: tuple[Box, ...], policy: str
    ) -> Snapshot:
        frame = selected.frame
        height, width = frame.image.shape[:2]
        hidden = cover.mask(boxes, width, height)
        return Snapshot(
            observation_id=frame.observation_id,
            agent_id=self._agent_id,
            camera_id=frame.camera_id,
            source_key=frame.source_key,
            captured_at_ms=frame.captured_at_ms,
            clock=frame.clock,
            picture=Picture(
                state=PictureState.KEPT if picture else PictureState.WITHHELD,
                width=width,
                height=height,
                bytes=len(picture),
                sha256=hashlib.sha256(picture).hexdigest(),
            ),
            quality=quality(cover.paint(frame.image, boxes), hidden),
            machines=self._followed(selected, findings),
            people=findings.people,
            redaction=Redaction(
                policy=policy,
                models=self._models(selected),
                regions=boxes,
                covered_share=round(float(hidden.mean()), 4),
            ),
            detector=detect.detector_of(self._detectors.machines),
        )


def _must_be_withheld(selected: Selected, findings: Findings) -> bool:
    """True for a pushed picture that is too small or shows no machine: it must not leave."""
    height, width = selected.frame.image.shape[:2]
    return selected.reason is SelectReason.PUSHED and (min(height, width) < PUSHED_MIN_SIDE_PX or not findings.machines)


def _not_under(boxes: Sequence[Box], hits: Sequence[Rect], image: Image) -> list[Rect]:
    if not hits:
        return []
    hidden = cover.mask(boxes, image.shape[1], image.shape[0])
    return [hit for hit in hits if cover.covered_share(hit, hidden) < HIDDEN_SHARE]


def _with(boxes: Sequence[Box], more: Sequence[Rect], image: Image) -> tuple[Box, ...]:
    return cover.to_boxes([*(Rect(b.x0, b.y0, b.x1, b.y1) for b in boxes), *more], image.shape[1], image.shape[0])
