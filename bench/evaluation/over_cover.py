"""What is covered needlessly, by what covered it: `python -m bench.evaluation --over-cover`.

A margin is what lies within a fifth of the side of a labelled box, whatever painted it. Beyond that a place is counted
for the first that paints it: a found plate, a small face, the band of a vehicle, a rider, a person on foot. Of the
boxes of people some hold somebody labelled and are too large, others hold nobody. What the look at the encoded picture
adds, and on-screen text, is the rest.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import RedactionUnavailable
from edge_agent.evaluation.labels import Labels, Object
from edge_agent.evaluation.score import over_cover, painted
from edge_agent.redact_files import file_policy
from edge_agent.redact_files.file_redactor import Image, pixels, read_picture, redact_image
from edge_agent.redactor import Redactors, cover
from edge_agent.redactor.cover import Rect
from provisioning.contracts.config.processes import Policy

MARGIN = 1.4
"""A label grown this much is a label and its margin."""
HOLDS = 0.5
"""A box that has this much of a labelled object in it, or lies this much in one, holds it."""
CAUSES = ("plates", "faces", "bands", "riders", "loose people", "nobody")
REST = "second look, text"


def parts(image: Image, objects: Sequence[Object], redactors: Redactors) -> dict[str, float]:
    """Shares of one picture that a first look covers needlessly, by cause."""
    height, width = image.shape[:2]
    found = redactors.covers_by_cause(image)
    labelled = [Rect(*one.box) for one in objects]
    holding = [_holds(one, labelled) for one in found["people"]]
    causes = {
        **{name: found[name] for name in ("plates", "faces", "bands", "riders")},
        "loose people": [one for one, holds in zip(found["people"], holding, strict=True) if holds],
        "nobody": [one for one, holds in zip(found["people"], holding, strict=True) if not holds],
    }
    margins = cover.mask(cover.to_boxes([one.grown(MARGIN) for one in labelled], width, height), width, height)
    seen: NDArray[np.bool_] = np.zeros((height, width), np.bool_)
    shares = {"margins": 0.0}
    for name in CAUSES:
        mask = cover.mask(cover.to_boxes(causes[name], width, height), width, height) & ~seen
        shares["margins"] += over_cover(objects, mask & margins)
        shares[name] = over_cover(objects, mask & ~margins)
        seen |= mask
    return shares


def measure(folder: Path, labels: Labels) -> dict[str, dict[str, float]]:
    """Kind of picture → cause → mean share; `pictures` counts them."""
    redactors = file_policy.load_redactors(None, Policy())
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    for picture in labels.pictures:
        image = read_picture(folder / picture.file)
        try:
            redacted = redact_image(redactors.for_camera(redactors.config.cameras[0]), 0, 0, image)
        except RedactionUnavailable:
            continue  # nothing of it is published
        mask = painted(pixels(redacted), redacted.snapshot.redaction.regions)
        whole = over_cover(picture.objects, mask)
        shares = parts(image, picture.objects, redactors)
        row = {**shares, REST: max(0.0, whole - sum(shares.values())), "all": whole}
        for group in (picture.file.split("/")[0], "all pictures"):
            rows[group].append(row)
    return {
        group: {"pictures": len(some), **{name: fmean(row[name] for row in some) for name in some[0]}}
        for group, some in rows.items()
    }


def _holds(one: Rect, labelled: Sequence[Rect]) -> bool:
    areas = ((other, min(one.width * one.height, other.width * other.height)) for other in labelled)
    return any(one.common(other) >= HOLDS * least for other, least in areas)
