"""What leaves a site, looked at by other eyes.

```
photographs with faces ──▶ wayside-edge (real models) ──TLS──▶ Mosquitto ──▶ tap with the cluster's certificate
                                                                    └──────▶ tap with the centre's certificate
```

Every payload is decoded. Every picture is searched by four detectors, two of which take no part in redaction: none may
find a face where anything of a labelled one is left, and none may find more in all than on copies covered by hand.
"""

from collections import Counter
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.evaluation.audit import Audit, Image, overlapping
from edge_agent.redactor import cover
from edge_agent.redactor.cover import Rect
from engines.catalog.catalog import Catalog
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.codec import JPEG_START, decode, decode_snapshot
from provisioning.contracts.wire.messages import CameraStatus, Heartbeat, PictureState
from tests.support.faces import LABELS, photo, street, with_faces
from tests.support.premises import Site
from tests.support.tap import Tap
from tests.support.waiting import until

pytestmark = [pytest.mark.peer, pytest.mark.network, pytest.mark.timeout(900)]

AGENT = "cabinet-7"
SECRET_NAME = "IMG_0815_east_gate"
QUALITY = 85
FAR = ("faces-5", "faces-6")


def _pictures(catalog: Catalog) -> list[tuple[Image, list[Rect]]]:
    """Returns each photograph at one of two sizes, and small faces in a street."""
    close = [photo(catalog, name, width) for name, width in zip(LABELS, cycle((1280, 640)), strict=False)]
    far = [with_faces(catalog, street(catalog, 150, (1280, 720)), name, 24) for name in FAR]
    return close + far


def _folder(root: Path, pictures: list[tuple[Image, list[Rect]]]) -> Path:
    folder = root / "photographs"
    folder.mkdir()
    for number, (image, _) in enumerate(pictures):
        done, png = cv2.imencode(".png", image)  # lossless: what the agent sees is what was labelled
        assert done
        (folder / f"{SECRET_NAME}_{number:03}.png").write_bytes(png.tobytes())
    return folder


def _covered_by_hand(image: Image, faces: list[Rect]) -> Image:
    boxes = cover.to_boxes([face.grown(cover.FACE_GROWTH) for face in faces], image.shape[1], image.shape[0])
    done, jpeg = cv2.imencode(".jpg", cover.paint(image, boxes), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return _decoded(jpeg.tobytes())


def _decoded(jpeg: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def test_no_face_leaves_the_site(site: Site, catalog: Catalog) -> None:
    pictures = _pictures(catalog)
    site.exchange.start()
    config = site.edge_config(
        AGENT,
        [
            {
                "id": "gate",
                "source": {
                    "kind": "replay", "path": str(_folder(site.root, pictures)), "started_at_ms": 1_795_449_600_000,
                    "realtime": False,
                },
                "selector": {"change_threshold": 0.0, "max_per_second": 25.0},
            }
        ],
        redactor={"overflow": "block", "timeout_s": 120.0, "jpeg_quality": QUALITY},
    )  # fmt: skip
    cluster = Tap(
        site.exchange.identity("cluster"),
        site.exchange.services_port,
        [topics.snapshots("+")],
        archive=PictureState.KEPT,
    )
    center = Tap(
        site.exchange.identity("center"),
        site.exchange.services_port,
        [topics.heartbeat("+"), topics.camera_status("+", "+")],
    )
    site.start_agent(AGENT, config)
    until(
        lambda: _all_ended(site, config, len(pictures)),
        "every picture is published or withheld",
        patience_s=600,
        step_s=1,
    )
    until(lambda: center.on("heartbeat") and center.on("/gate"), "a heartbeat and a camera status")
    assert site.stop(AGENT) == 0
    cluster.close()
    center.close()

    # 1. Everything that was sent decodes as what it should be, and only snapshots hold a picture.
    for payload in center.on("heartbeat"):
        decode(Heartbeat, payload)
        assert JPEG_START not in payload
    for payload in center.on("/gate"):
        decode(CameraStatus, payload)
        assert JPEG_START not in payload
    published = {}
    for payload in cluster.on("/snapshots"):
        snapshot, picture = decode_snapshot(payload)
        published[snapshot.source_key] = picture
        assert SECRET_NAME.encode() not in payload, "source file names are stripped"
    assert not any(SECRET_NAME in heard.payload.decode(errors="replace") for heard in center.heard)
    assert len(published) >= len(pictures) - 1, "withholding everything is not how this test is to pass"

    # 2. Four detectors look at what was published.
    audit = Audit(catalog)
    leaks: list[str] = []
    found: dict[int, Counter[str]] = {}
    painted = 0
    for number, (image, faces) in enumerate(pictures):
        if f"f{number}" not in published:
            continue
        redacted = _decoded(published[f"f{number}"])
        assert redacted.shape == image.shape
        hits_of = audit.hits(redacted)
        # Of a face that is paint in every pixel nothing is left to find: a cascade that fires on the railings beside it
        # is one of the other hits, which are counted below.
        visible = [face for face in faces if not _is_paint(face, redacted)]
        painted += len(faces) - len(visible)
        for name, hits in hits_of.items():
            on_faces = overlapping(hits, visible)
            if on_faces:
                leaks.append(f"{name} finds {on_faces} on a labelled face of picture {number}")
        found[number] = Counter({name: len(hits) for name, hits in hits_of.items()})
    assert leaks == []
    assert painted >= 29, f"only {painted} of 31 labelled faces are paint in every pixel; all were"
    _assert_no_more_than_by_hand(found, pictures, audit)

    # 3. The audit itself can fail: on the raw pictures the same detectors do find the faces.
    raw, labels = pictures[0]
    assert all(overlapping(hits, labels) for hits in audit.hits(raw).values())


def _assert_no_more_than_by_hand(
    found: dict[int, Counter[str]], pictures: list[tuple[Image, list[Rect]]], audit: Audit
) -> None:
    """No detector finds more in all than on copies covered by hand.

    Copies are searched until they have as many hits, those of the pictures with the most hits first.
    """
    in_all = sum(found.values(), Counter[str]())
    by_hand = Counter[str]()
    for number in sorted(found, key=lambda each: -found[each].total()):
        if in_all <= by_hand:
            return
        hits_of = audit.hits(_covered_by_hand(*pictures[number]))
        by_hand += Counter({name: len(hits) for name, hits in hits_of.items()})
    assert in_all <= by_hand, f"{in_all} against {by_hand} by hand"


def _is_paint(rect: Rect, image: Image) -> bool:
    part = image[max(0, int(rect.y0)) : int(rect.y1) + 1, max(0, int(rect.x0)) : int(rect.x1) + 1]
    return part.size == 0 or bool(np.abs(part.astype(int) - cover.COLOUR).max() < 16)


def _all_ended(site: Site, config: Path, selected: int) -> bool:
    ledger = site.ledger(config)
    return bool(ledger["selected"] == selected and ledger["in_flight"] == 0)
