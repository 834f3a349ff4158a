"""Finding a machine again among the labelled ones: by the network alone, by colours alone, by both, by the vector."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from bench.cluster.appearance.degraded import SEED, Query, degraded
from bench.cluster.appearance.pictures import Labelled, View
from edge_agent.evaluation.metrics import Share
from engines.detection.postprocess import Box, Floats
from engines.detection.preprocess import Picture
from engines.embedding.crops import FILL, Crop, cut, histogram, joined, unit
from engines.embedding.embedder import Vectoriser

SHARES: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
SIDES_PX: Final = ((0, 16), (16, 24), (24, 32), (32, 64), (64, 10_000))

Described = Callable[[Sequence[Crop]], Floats]


def measure(
    model: Vectoriser, pictures: Mapping[str, Picture], machines: Sequence[Labelled], views: Sequence[View]
) -> dict[str, Any]:
    """Top 1 and top 5 of each way, by what was done to the query, by its size, and by how much of it is visible."""
    random = np.random.default_rng(SEED)
    gallery = [_crop(pictures[one.picture], Box(*map(float, one.box))) for one in machines]
    queries: list[tuple[int, str, Crop]] = []
    for index, one in enumerate(machines):
        for kind, query in degraded(pictures[one.picture], Box(*map(float, one.box)), random).items():
            queries.append((index, kind, _queried(query)))
    crops, wanted = [crop for _, _, crop in queries], [index for index, _, _ in queries]
    ways: dict[str, Described] = {
        "lite0": model.features,
        "histogram": _histograms,
        "both": lambda some: joined(model.features(some), _histograms(some), model.embedding.histogram_weight),
        "vector, 256-d": model.vectors,
    }
    found: dict[str, Any] = {"machines": len(machines), "queries": len(queries)}
    ranks: list[int] = []
    rows = np.zeros((0, 0), np.float32)
    for name, way in ways.items():
        rows = way(gallery)
        ranks = _ranks(rows, way(crops), wanted)
        found[name] = _tops(ranks)
    # From here on by the vector, which was the last way.
    kinds = dict.fromkeys(kind for _, kind, _ in queries)
    found["by degradation"] = {
        kind: _tops([rank for rank, (_, own, _) in zip(ranks, queries, strict=True) if own == kind]) for kind in kinds
    }
    sides = [min(gallery[index].size) for index in wanted]
    found["by shorter side, px"] = {
        f"{low}-{high}": _tops([rank for rank, side in zip(ranks, sides, strict=True) if low <= side < high])
        for low, high in SIDES_PX
    }
    found["by visible share"] = {
        str(share): _tops(_ranks(rows, model.vectors(covered), [wanted[n // 2] for n in range(0, 2 * len(crops), 3)]))
        for share in SHARES
        for covered in [[_covered(crops[n // 2], share, top=n % 2 == 0) for n in range(0, 2 * len(crops), 3)]]
    }
    seen_again = [_crop(pictures[view.picture], Box(*map(float, view.box))) for view in views]
    found["at another moment, the same camera"] = _tops(
        _ranks(rows, model.vectors(seen_again), [view.of for view in views])
    )
    return found


def _crop(picture: Picture, box: Box) -> Crop:
    return cut(picture, box, np.zeros(picture.shape[:2], np.bool_), margin=0)


def _queried(query: Query) -> Crop:
    return _crop(query.picture, query.box)


def _covered(crop: Crop, share: float, *, top: bool) -> Crop:
    """Only the lower, or the right, `share` of it stays visible."""
    width, height = crop.size
    visible, pixels = crop.visible.copy(), crop.pixels.copy()
    gone = (
        (slice(0, round(height * (1 - share))), slice(None))
        if top
        else (slice(None), slice(0, round(width * (1 - share))))
    )
    visible[gone] = False
    pixels[gone] = FILL
    return Crop(pixels, visible)


def _histograms(crops: Sequence[Crop]) -> Floats:
    return np.stack([histogram(crop) for crop in crops])


def _ranks(gallery: Floats, queries: Floats, wanted: Sequence[int]) -> list[int]:
    """How many of the gallery are likelier than the right one."""
    likeness = unit(queries) @ unit(gallery).T
    own = likeness[np.arange(len(wanted)), wanted]
    return [int(better) for better in (likeness > own[:, None]).sum(axis=1)]


def _tops(ranks: Sequence[int]) -> dict[str, Share]:
    return {f"top {most}": Share(sum(rank < most for rank in ranks), len(ranks)) for most in (1, 5)}
