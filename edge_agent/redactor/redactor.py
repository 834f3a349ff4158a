"""From a raw frame to a picture that may leave the site. The only maker of `Redacted`.

It fails closed: whatever goes wrong, `RedactionUnavailable` is raised and nothing is published.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from edge_agent.clock import Clock
from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.frames import Redacted, Selected
from edge_agent.redactor import cover, search
from edge_agent.redactor.cover import Rect
from edge_agent.redactor.quality import quality
from edge_agent.redactor.search import Detectors, Findings, Image
from engines.errors import EngineError
from provisioning.contracts.config import Camera
from provisioning.contracts.config import Redactor as RedactorConfig
from provisioning.contracts.messages import Box, Picture, PictureState, Redaction, Snapshot

POLICY: Final = "wayside-2026-11"
"""Names the recipe in every envelope; a new recipe gets a new name, so that pictures of the old one can be found."""
SECOND_LOOK_SCORE: Final = 0.3
"""Below the centre's threshold (`canary_threshold`, 0.35): what the centre would object to is covered here first."""
HIDDEN_SHARE: Final = 0.9
"""A hit this much inside a solid cover is no face: it is an edge of paint."""
EXTRA_GROWTH: Final = 1.6


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

    def redact(self, selected: Selected) -> Redacted:
        """Search, cover, encode, look again.

        Raises:
            RedactionUnavailable: a model failed, a face was still found after one more cover, or it took too long.
        """
        started_s = self._clock.monotonic_s()
        image = selected.frame.image
        try:
            findings = search.look(image, self._detectors, self._camera.policy)
            picture, boxes = self._covered(image, findings.covers)
        except (EngineError, cv2.error) as error:
            raise RedactionUnavailable(
                DropReason.REDACTION_UNAVAILABLE, f"camera {self._camera.id}: a model could not run: {error}"
            ) from error
        except ValueError as error:  # too many regions: cover.to_boxes
            raise RedactionUnavailable(
                DropReason.REDACTION_UNAVAILABLE, f"camera {self._camera.id}: cannot cover this picture: {error}"
            ) from error
        took_s = self._clock.monotonic_s() - started_s
        if took_s > self._settings.timeout_s:
            raise RedactionUnavailable(
                DropReason.REDACTION_TIMEOUT,
                f"camera {self._camera.id}: redaction took {took_s:.1f} s, limit {self._settings.timeout_s:g} s: "
                "lower the camera's resolution or `max_per_second`, or raise `redactor.timeout_s`",
            )
        return Redacted(snapshot=self._envelope(selected, findings, picture, boxes), picture=picture)

    def _covered(self, image: Image, rects: Sequence[Rect]) -> tuple[bytes, tuple[Box, ...]]:
        """The encoded picture and its covers, after a second look at what would be published."""
        height, width = image.shape[:2]
        boxes = cover.to_boxes(rects, width, height)
        picture, leftover = self._encode_and_look(image, boxes)
        if leftover:
            boxes = cover.to_boxes([*rects, *(face.grown(EXTRA_GROWTH) for face in leftover)], width, height)
            picture, leftover = self._encode_and_look(image, boxes)
        if leftover:
            raise RedactionUnavailable(
                DropReason.SECOND_LOOK,
                f"camera {self._camera.id}: a face is still found after one more cover; the picture is withheld",
            )
        return picture, boxes

    def _encode_and_look(self, image: Image, boxes: Sequence[Box]) -> tuple[bytes, list[Rect]]:
        """The JPEG, and the faces found in it that are not under a cover."""
        # imencode writes a bare JFIF: no EXIF, no thumbnail, no name.
        done, buffer = cv2.imencode(
            ".jpg", cover.paint(image, boxes), [cv2.IMWRITE_JPEG_QUALITY, self._settings.jpeg_quality]
        )
        if not done:
            raise RedactionUnavailable(
                DropReason.REDACTION_UNAVAILABLE, f"camera {self._camera.id}: the picture cannot be encoded"
            )
        published = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
        if published is None or published.shape != image.shape:
            raise RedactionUnavailable(
                DropReason.REDACTION_UNAVAILABLE, f"camera {self._camera.id}: the encoded picture cannot be read back"
            )
        seen = np.asarray(published, dtype=np.uint8)
        hidden = cover.mask(boxes, image.shape[1], image.shape[0])
        faces = search.faces_at(seen, self._detectors, SECOND_LOOK_SCORE, enlarge=False)
        return buffer.tobytes(), [face for face in faces if cover.covered_share(face, hidden) < HIDDEN_SHARE]

    def _envelope(self, selected: Selected, findings: Findings, picture: bytes, boxes: tuple[Box, ...]) -> Snapshot:
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
                state=PictureState.KEPT,
                width=width,
                height=height,
                bytes=len(picture),
                sha256=hashlib.sha256(picture).hexdigest(),
            ),
            quality=quality(cover.paint(frame.image, boxes), hidden),
            machines=findings.machines,
            people=findings.people,
            redaction=Redaction(
                policy=POLICY,
                models=self._detectors.hashes,
                regions=boxes,
                covered_share=round(float(hidden.mean()), 4),
            ),
        )
