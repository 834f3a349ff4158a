"""A street that is drawn: pictures as a redactor would leave them, and the rows the archive keeps of them."""

import functools
import hashlib
import io
import random
from typing import Final

from PIL import Image, ImageDraw

from provisioning.contracts import ids
from provisioning.contracts.query.archive import ObjectRow, Observation, PicturePlace, SnapshotRow
from provisioning.contracts.wire.messages import (
    Box,
    ClockQuality,
    Machine,
    MachineClass,
    PictureState,
    Quality,
    Redaction,
)

AGENT: Final = "cabinet-7"
NOW_MS: Final = 1_795_449_600_000
WIDTH, HEIGHT = 1280, 720
COVER: Final = (16, 16, 16)
_MODELS: Final = {"centerface": "a" * 64, "plate": "b" * 64}


@functools.lru_cache(maxsize=256)
def draw(seed: int, width: int = WIDTH, height: int = HEIGHT) -> tuple[bytes, tuple[Machine, ...]]:
    """A redacted street: sky, houses, road, vehicles with a covered plate, riders covered from the saddle up."""
    dice = random.Random(seed)
    image = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(image)
    horizon = height * 2 // 5
    for y in range(horizon):
        pen.line((0, y, width, y), fill=(150 + y // 6, 175 + y // 7, 205 + y // 12))
    for x in range(0, width, 150):
        top = horizon - dice.randint(70, 210)
        tone = dice.randint(120, 180)
        pen.rectangle((x, top, x + 140, horizon), fill=(tone, tone - 12, tone - 25))
        for wx in range(x + 14, x + 125, 30):
            for wy in range(top + 14, horizon - 24, 34):
                pen.rectangle((wx, wy, wx + 14, wy + 18), fill=(70, 85, 100))
    pen.rectangle((0, horizon, width, height), fill=(92, 94, 98))
    for x in range(-40, width, 170):
        pen.polygon(
            [
                (x, height * 3 // 4),
                (x + 90, height * 3 // 4),
                (x + 84, height * 3 // 4 + 9),
                (x - 6, height * 3 // 4 + 9),
            ],
            fill=(220, 220, 210),
        )
    machines = []
    for lane in range(dice.randint(1, 5)):
        cls = dice.choice(tuple(MachineClass))
        scale = 0.6 + 0.12 * lane
        machines.append(
            _two_wheeler(pen, dice, cls, lane, scale) if cls.is_two_wheeler else _vehicle(pen, dice, cls, lane, scale)
        )
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue(), tuple(machines)


def _vehicle(pen: ImageDraw.ImageDraw, dice: random.Random, cls: MachineClass, lane: int, scale: float) -> Machine:
    w, h = (int(n * scale) for n in {"car": (220, 90), "bus": (330, 160), "truck": (300, 140)}[cls.value])
    x = dice.randint(10, WIDTH - w - 10)
    y = min(HEIGHT * 2 // 5 + 30 + lane * 75, HEIGHT - h - 6)
    body = tuple(dice.randint(60, 220) for _ in range(3))
    pen.rounded_rectangle((x, y + h // 4, x + w, y + h - h // 6), radius=h // 6, fill=body)
    pen.rounded_rectangle((x + w // 6, y, x + w * 5 // 6, y + h // 2), radius=h // 7, fill=(45, 55, 65))
    for wheel in (x + w // 6, x + w * 4 // 6):
        pen.ellipse((wheel, y + h * 2 // 3, wheel + h // 3, y + h), fill=(20, 20, 22))
    pen.rectangle((x + w * 5 // 12, y + h * 2 // 3, x + w * 7 // 12, y + h * 4 // 5), fill=COVER)
    return Machine(cls=cls, score=round(dice.uniform(0.5, 0.99), 2), box=Box(x0=x, y0=y, x1=x + w, y1=y + h))


def _two_wheeler(pen: ImageDraw.ImageDraw, dice: random.Random, cls: MachineClass, lane: int, scale: float) -> Machine:
    w, h = int(110 * scale), int(130 * scale)
    x = dice.randint(10, WIDTH - w - 10)
    y = min(HEIGHT * 2 // 5 + 20 + lane * 75, HEIGHT - h - 6)
    for wheel in (x, x + w * 3 // 5):
        pen.ellipse((wheel, y + h * 2 // 3, wheel + w * 2 // 5, y + h), outline=(15, 15, 15), width=4)
    pen.line(
        (x + w // 5, y + h * 5 // 6, x + w // 2, y + h // 2, x + w * 4 // 5, y + h * 5 // 6),
        fill=(190, 40, 40),
        width=5,
    )
    pen.rectangle((x + w // 5, y, x + w * 4 // 5, y + h // 2), fill=COVER)
    return Machine(cls=cls, score=round(dice.uniform(0.5, 0.99), 2), box=Box(x0=x, y0=y, x1=x + w, y1=y + h))


def observation(
    camera_id: str, at_ms: int, seed: int, *, state: PictureState = PictureState.KEPT
) -> tuple[Observation, bytes]:
    """One archived row and its picture."""
    jpeg, machines = draw(seed)
    observation_id = ids.observation_id(camera_id, at_ms, f"k{seed}")
    row_key = ids.row_key(AGENT, observation_id)
    kept = state is PictureState.KEPT
    row = SnapshotRow(
        row_key=row_key,
        observation_id=observation_id,
        agent_id=AGENT,
        camera_id=camera_id,
        source_key=f"k{seed}",
        captured_at_ms=at_ms,
        received_at_ms=at_ms + 180,
        committed_at_ms=at_ms + 420,
        commit_seq=seed,
        clock=ClockQuality.ARRIVAL,
        time_trusted=True,
        picture=state,
        place=PicturePlace(pack="20261124/0-1.pack", offset=0, length=len(jpeg)) if kept else None,
        width=WIDTH,
        height=HEIGHT,
        picture_sha256=hashlib.sha256(jpeg).hexdigest(),
        message_sha256=hashlib.sha256(jpeg + b"m").hexdigest(),
        quality=Quality(sharpness=0.82, brightness=0.55, contrast=0.61),
        people=7,
        classes=tuple(sorted({machine.cls for machine in machines})),
        redaction=Redaction(
            policy="r2-1", models=_MODELS, regions=(Box(x0=4, y0=4, x1=30, y1=30),), covered_share=0.031
        ),
    )
    objects = tuple(
        ObjectRow(
            object_key=f"{row_key}:{index}",
            row_key=row_key,
            index=index,
            camera_id=camera_id,
            captured_at_ms=at_ms,
            cls=machine.cls,
            score=machine.score,
            box=machine.box,
        )
        for index, machine in enumerate(machines)
    )
    return Observation(snapshot=row, machines=objects), jpeg
