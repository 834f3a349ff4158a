"""One snapshot by one way of searching."""

from time import process_time

import numpy as np

from bench.edge.stillness.camera import Shot
from bench.edge.stillness.tally import Searched
from edge_agent.errors import RedactionUnavailable
from edge_agent.evaluation.labels import Object
from edge_agent.evaluation.score import judge, painted
from edge_agent.redact_files.file_redactor import pixels, redact_image
from edge_agent.redactor.redactor import PARTLY, CameraRedactor


def labels_of(shot: Shot) -> list[Object]:
    """Return what is judged in a snapshot, in the order of `Searched.covered`."""
    return [verdict.label for verdict in judge(shot.objects, np.zeros(shot.image.shape[:2], np.bool_), ())]


def searched(camera: CameraRedactor, shot: Shot, labels: list[Object], number: int, every_ms: int) -> Searched:
    """Redact a snapshot, and judge it."""
    began = process_time()
    try:
        redacted = redact_image(camera, number, number * every_ms, shot.image)
    except RedactionUnavailable:
        return Searched((process_time() - began) * 1000, None, (), in_part=False)
    cpu_ms = (process_time() - began) * 1000
    facts = redacted.snapshot.redaction
    mask = painted(pixels(redacted), facts.regions)
    covered = tuple(verdict.is_covered for verdict in judge(labels, mask, facts.regions))
    return Searched(cpu_ms, mask, covered, facts.policy == PARTLY)
