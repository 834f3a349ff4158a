"""Embeds the machines of a caller's own picture, the query picture of a look-alike search, which is never stored.

The picture comes as a message of a desk agent, so it is bounded and checked like any other. It is searched for faces
first: a picture that intake would not archive is not embedded here either.
"""

from collections.abc import Sequence
from typing import Protocol

from provisioning.contracts.errors import ContractError
from provisioning.contracts.query.archive import Looks, MachineLook
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Machine
from ray_cluster.errors import BadRequest
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Photo, Sitter, Unreadable


class QueryPictureStages(Protocol):
    """Stages that see a caller's picture. Both may raise `Unavailable` and `StageFault`."""

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """Return for each picture true if a face shows in it, as `CanaryStage` does."""

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """Compute the appearance of the machines in each picture, as `EmbedderStage` does."""


async def describe_machines(message: bytes, stages: QueryPictureStages) -> Looks:
    """Return the appearance of each machine of the envelope, never its vector. Raises as `embed_machines`."""
    return Looks(
        machines=tuple(
            MachineLook(
                machine=machine,
                colour=appearance.colour,
                colour_share=appearance.colour_share,
                comparable=appearance.vector is not None,
            )
            for machine, appearance in await embed_machines(message, stages)
        )
    )


async def embed_machines(message: bytes, stages: QueryPictureStages) -> list[tuple[Machine, Appearance]]:
    """Embed the machines of the message's envelope, for a search with their vectors.

    Raises:
        BadRequest: no snapshot message, no picture in it, or one in which a face shows.
        Unavailable: a stage is away or busy.
        StageFault: it failed on the picture.
    """
    try:
        snapshot, jpeg = codec.decode_snapshot(message)
    except ContractError as error:
        raise BadRequest(f"body: {error}") from error
    if not jpeg:
        raise BadRequest("body: its picture is withheld; there is nothing to look at")
    photo = Photo(jpeg, snapshot.picture.width, snapshot.picture.height, snapshot.redaction.regions)
    (face,) = await stages.inspect([photo])
    if isinstance(face, Unreadable):
        raise BadRequest(f"body: {face.detail}")
    if face:
        raise BadRequest("body: a face shows in the picture; redact it again")
    (found,) = await stages.embed([Sitter(photo, snapshot.machines)])
    if isinstance(found, Unreadable):
        raise BadRequest(f"body: {found.detail}")
    return list(zip(snapshot.machines, found, strict=True))
