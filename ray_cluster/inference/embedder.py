"""Computes the appearance of the machines in pictures: the embedder.

Vehicles and two-wheelers only: `MachineClass` has no other class, so that no request can be about a person.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from engines.detection.postprocess import Floats
from engines.detection.preprocess import Picture
from engines.embedding.crops import Crop, Mask
from engines.errors import BadImage, EngineError
from provisioning.contracts.wire.messages import Machine
from ray_cluster.errors import NotJpeg, StageFault
from ray_cluster.inference.appearance import UNSEEN, Appearance
from ray_cluster.inference.colour import Light, light, main_colour
from ray_cluster.inference.jpeg import decode
from ray_cluster.inference.masking import enough, hidden, machine_in, without_riders
from ray_cluster.inference.picture import Sitter, Unreadable


class Describes(Protocol):
    """The part of `engines.embedding.embedder.Vectoriser` that the embedder uses."""

    def vectors(self, crops: Sequence[Crop]) -> Floats:
        """Compute a row of length 1 for each crop."""


class Embedder:
    """Decodes pictures, masks riders and covers, and describes machines. May be called from several threads."""

    def __init__(self, model: Describes) -> None:
        self._model = model

    def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """Return for each picture one appearance a machine, in order; an unreadable picture does not affect the others.

        All machines of all pictures go through the network together.

        Raises:
            StageFault: the engine failed.
        """
        answers: list[list[Appearance] | Unreadable] = []
        places: list[tuple[list[Appearance], int]] = []
        crops: list[Crop] = []
        for request in requests:
            try:
                appearances = _described(request)
            except NotJpeg as error:
                answers.append(Unreadable(str(error)))
                continue
            own = [appearance for appearance, _ in appearances]
            answers.append(own)
            for index, (_, crop) in enumerate(appearances):
                if crop is not None:
                    places.append((own, index))
                    crops.append(crop)
        try:
            rows: Iterable[Floats] = self._model.vectors(crops) if crops else ()
        except EngineError as error:
            raise StageFault(f"embedder: {error}") from error
        for (own, index), row in zip(places, rows, strict=True):
            own[index] = Appearance(own[index].colour, own[index].colour_share, row)
        return [answer if isinstance(answer, Unreadable) else tuple(answer) for answer in answers]


def _described(request: Sitter) -> list[tuple[Appearance, Crop | None]]:
    """Return each machine's colour, and the crop for its vector unless too little is visible. Raises NotJpeg."""
    if not request.machines:
        return []
    picture = decode(request.photo)
    covered = hidden(request.photo.width, request.photo.height, request.photo.regions)
    gains = light(picture, without_riders(covered, request.machines))
    return [_describe(picture, machine, covered, gains) for machine in request.machines]


def _describe(picture: Picture, machine: Machine, covered: Mask, gains: Light) -> tuple[Appearance, Crop | None]:
    try:
        crop = machine_in(picture, machine, covered)
    except BadImage:  # a caller's box that lies outside of the picture
        return UNSEEN, None
    if not enough(crop):
        return UNSEEN, None
    named = main_colour(crop, machine.cls, gains)
    return UNSEEN if named is None else Appearance(named[0], round(named[1], 4)), crop
