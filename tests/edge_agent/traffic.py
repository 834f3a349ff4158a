"""A street with a known truth: machines follow one another on roads, a pinhole camera sees their boxes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from provisioning.contracts.config.camera import Point
from provisioning.contracts.wire.messages import MachineClass

Floats = NDArray[np.float64]
STEP_S = 0.05
SIZE = (1280, 720)
SMALLEST_PX = 18


@dataclass(frozen=True)
class Body:
    """Length, width, height in metres; what the detector usually calls it."""

    cls: MachineClass
    length: float
    width: float
    height: float


CAR = Body(MachineClass.CAR, 4.5, 1.8, 1.5)
BUS = Body(MachineClass.BUS, 11.0, 2.5, 3.1)
EBIKE = Body(MachineClass.MOTORCYCLE, 1.8, 0.7, 1.15)
BICYCLE = Body(MachineClass.BICYCLE, 1.75, 0.5, 1.05)


@dataclass(frozen=True)
class Pinhole:
    """Over (0, 0), looking along +y and down. World: x right, y away, z up, metres."""

    height_m: float
    pitch_deg: float
    focal_px: float = 1000.0

    def project(self, points: Floats) -> Floats:
        """… × 3 metres to … × 2 pixels; nan behind the camera."""
        pitch = np.radians(self.pitch_deg)
        x, y, z = points[..., 0], points[..., 1], points[..., 2] - self.height_m
        depth = y * np.cos(pitch) - z * np.sin(pitch)
        up = y * np.sin(pitch) + z * np.cos(pitch)
        depth = np.where(depth > 0.5, depth, np.nan)
        return np.stack([SIZE[0] / 2 + self.focal_px * x / depth, SIZE[1] / 2 - self.focal_px * up / depth], axis=-1)

    def ground(self, *points: tuple[float, float]) -> tuple[Point, ...]:
        """Points of the road as shares of the picture, as a configuration has them."""
        seen = self.project(np.array([(x, y, 0.0) for x, y in points])) / SIZE
        return tuple((float(x), float(y)) for x, y in np.clip(seen, 0, 1))

    def heading_deg(self, start: tuple[float, float], end: tuple[float, float]) -> float:
        """How a way on the road points in the picture: 0 up, 90 right."""
        (x0, y0), (x1, y1) = self.project(np.array([(*start, 0.0), (*end, 0.0)]))
        return float(np.degrees(np.arctan2(x1 - x0, y0 - y1)) % 360)


@dataclass(frozen=True)
class Road:
    """One lane. Who comes after another keeps `gap_m` and does what he did `reaction_s` later (Newell 2002)."""

    points: tuple[tuple[float, float], ...]
    bodies: tuple[Body, ...]
    mean_headway_s: float
    speed: tuple[float, float]
    gap_m: float = 7.0
    reaction_s: float = 1.2
    stop_m: float | None = None
    """Where machines wait while the light is red: the first half of every 40 s."""
    wrong_way: bool = False

    def travelled(self, seconds: float, random: np.random.Generator) -> list[tuple[Body, Floats]]:
        """Each machine's metres along the road, a value a step; nan before it comes and after it has gone."""
        steps = round(seconds / STEP_S)
        length = float(np.linalg.norm(np.diff(np.array(self.points), axis=0), axis=1).sum())
        found: list[tuple[Body, Floats]] = []
        at_s = float(random.exponential(self.mean_headway_s))
        while at_s < seconds:
            body = self.bodies[int(random.integers(len(self.bodies)))]
            ahead = found[-1][1] if found else None
            found.append((body, self._drive(at_s, steps, length, float(random.uniform(*self.speed)), ahead)))
            at_s += self.reaction_s + float(random.exponential(max(self.mean_headway_s - self.reaction_s, 0.1)))
        return found

    def _drive(self, at_s: float, steps: int, length: float, wish: float, ahead: Floats | None) -> Floats:
        metres = np.full(steps, np.nan)
        place, speed, late = 0.0, wish, round(self.reaction_s / STEP_S)
        for step in range(round(at_s / STEP_S), steps):
            goal = wish
            if self.stop_m is not None and place < self.stop_m and (step * STEP_S) % 40 < 20:
                goal = min(goal, float(np.sqrt(2 * 2.0 * max(self.stop_m - place - 0.5, 0))))
            speed = min(goal, speed + 1.5 * STEP_S)
            if ahead is not None and step >= late and not np.isnan(ahead[step - late]):
                room = ahead[step - late] - self.gap_m - place
                speed = max(0.0, min(speed, room / STEP_S))
            place += speed * STEP_S
            if place > length:
                break
            metres[step] = place
        return metres


@dataclass(frozen=True)
class Actor:
    """One machine and what is true of it, a row a step: boxes (x0 y0 x1 y1) unclipped, ground point, speed."""

    body: Body
    boxes: Floats
    ground: Floats
    heading_deg: Floats
    speed: Floats
    distance: Floats
    wrong_way: bool

    def visible(self, step: int) -> bool:
        """Whether most of it is in the picture, and large enough to be seen."""
        x0, y0, x1, y1 = self.boxes[step]
        if not np.isfinite(x0):
            return False
        inside = max(0.0, min(x1, SIZE[0]) - max(x0, 0)) * max(0.0, min(y1, SIZE[1]) - max(y0, 0))
        return bool(inside > 0.5 * (x1 - x0) * (y1 - y0) and min(x1 - x0, y1 - y0) >= SMALLEST_PX)


@dataclass
class Street:
    """Roads and parked machines before one camera."""

    camera: Pinhole
    roads: Sequence[Road]
    parked: Sequence[tuple[Body, float, float]] = ()
    seconds: float = 120.0
    actors: list[Actor] = field(default_factory=list)

    def drive(self, seed: int) -> "Street":
        """Fill `actors`: another day for another seed."""
        random = np.random.default_rng(seed)
        steps = round(self.seconds / STEP_S)
        self.actors = [
            self._actor(body, np.array(road.points), metres, road.wrong_way)
            for road in self.roads
            for body, metres in road.travelled(self.seconds, random)
        ]
        for body, x, y in self.parked:
            self.actors.append(self._actor(body, np.array([(x, y), (x + 1, y)]), np.zeros(steps), wrong_way=False))
        return self

    def _actor(self, body: Body, points: Floats, metres: Floats, wrong_way: bool) -> Actor:
        lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
        marks = np.concatenate([[0.0], np.cumsum(lengths)])
        middle = np.stack([np.interp(metres, marks, points[:, axis]) for axis in (0, 1)], axis=1)
        leg = np.clip(np.searchsorted(marks, np.nan_to_num(metres), side="right") - 1, 0, len(lengths) - 1)
        along = (np.diff(points, axis=0) / lengths[:, None])[leg]
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        corners = [
            np.concatenate(
                [
                    middle + along * body.length / 2 * a + across * body.width / 2 * b,
                    np.full((len(metres), 1), body.height * c),
                ],
                axis=1,
            )
            for a in (-1, 1)
            for b in (-1, 1)
            for c in (0, 1)
        ]
        seen = self.camera.project(np.stack(corners, axis=1))
        flat = np.zeros((len(metres), 1))
        ground = self.camera.project(np.concatenate([middle, flat], axis=1))
        ahead = self.camera.project(np.concatenate([middle + along, flat], axis=1)) - ground
        speed = np.zeros(len(metres))
        speed[1:] = np.diff(metres) / STEP_S
        return Actor(
            body,
            np.concatenate([seen.min(axis=1), seen.max(axis=1)], axis=1),
            ground,
            np.degrees(np.arctan2(ahead[:, 0], -ahead[:, 1])) % 360,
            np.nan_to_num(speed),
            np.linalg.norm(middle, axis=1),
            wrong_way,
        )
