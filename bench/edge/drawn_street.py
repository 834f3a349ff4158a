"""A drawn street, another for each number: houses with windows, a road, trees, cars, an edge here and there."""

import cv2
import numpy as np
from numpy.typing import NDArray


def street(number: int, width: int = 1280, height: int = 720) -> NDArray[np.uint8]:
    """H×W×3, BGR."""
    chance = np.random.default_rng(number)
    horizon = int(height * chance.uniform(0.35, 0.5))
    image = np.zeros((height, width, 3), np.float32)
    sky = np.linspace(chance.uniform(170, 235), 235, horizon)[:, None, None]
    image[:horizon] = sky * np.array([1.0, 0.95, 0.88])
    ground = chance.uniform(85, 130)
    image[horizon:] = np.linspace(ground + 20, ground - 10, height - horizon)[:, None, None]
    _houses(image, horizon, chance)
    _road(image, horizon, chance)
    _trees(image, horizon, chance)
    _cars(image, horizon, chance)
    grain = cv2.resize(chance.normal(0, 7, (height // 2, width // 2)).astype(np.float32), (width, height))
    image += grain[..., None]
    return np.clip(cv2.GaussianBlur(image, (0, 0), 0.7), 0, 255).astype(np.uint8)


def _houses(image: NDArray[np.float32], horizon: int, chance: np.random.Generator) -> None:
    width, x = image.shape[1], 0
    while x < width:
        across = int(width * chance.uniform(0.08, 0.2))
        top = int(horizon * chance.uniform(0.05, 0.6))
        wall = chance.uniform(70, 190) * np.array([0.9, 0.97, 1.05]) + chance.normal(0, 8, 3)
        image[top : horizon + 20, x : x + across] = wall
        pane_x, pane_y = int(across / chance.uniform(4, 7)), int(horizon / chance.uniform(6, 10))
        for row in range(top + pane_y // 2, horizon - pane_y // 2, pane_y):
            for column in range(x + pane_x // 3, min(x + across, width) - pane_x // 2, pane_x):
                image[row : row + pane_y // 2, column : column + pane_x // 2] = chance.uniform(30, 90)
        x += across


def _road(image: NDArray[np.float32], horizon: int, chance: np.random.Generator) -> None:
    height, width = image.shape[:2]
    vanishing = width * chance.uniform(0.3, 0.7)
    corners = [(vanishing - 20, horizon), (vanishing + 20, horizon), (width * 1.1, height), (-width * 0.1, height)]
    cv2.fillPoly(image, [np.array(corners, np.int32)], (88, 86, 84))
    for step in np.geomspace(0.03, 0.9, 9):
        y = horizon + step * (height - horizon)
        half = 2 + 10 * step
        dash = [
            (vanishing - half, y),
            (vanishing + half, y),
            (vanishing + half * 1.2, y * 1.06),
            (vanishing - half, y * 1.06),
        ]
        cv2.fillPoly(image, [np.array(dash, np.int32)], (225, 225, 225))


def _trees(image: NDArray[np.float32], horizon: int, chance: np.random.Generator) -> None:
    height, width = image.shape[:2]
    for _ in range(int(chance.integers(2, 5))):
        x, size = int(chance.uniform(0, width)), height * chance.uniform(0.08, 0.18)
        cv2.rectangle(image, (x - 5, horizon - 30), (x + 5, int(horizon + size)), (40, 55, 70), -1)
        for _ in range(120):
            leaf = (int(x + chance.normal(0, size / 2)), int(horizon - size / 2 + chance.normal(0, size / 2.5)))
            green = chance.uniform(0.5, 1.4)
            cv2.circle(image, leaf, int(chance.uniform(3, 11)), (40 * green, 90 * green, 55 * green), -1)


def _cars(image: NDArray[np.float32], horizon: int, chance: np.random.Generator) -> None:
    height, width = image.shape[:2]
    for _ in range(int(chance.integers(2, 6))):
        near = chance.uniform(0.1, 0.8)
        y, long = int(horizon + near * (height - horizon)), width * (0.04 + 0.16 * near)
        x = int(chance.uniform(0, width - long))
        paint = tuple(float(each) for each in chance.uniform(20, 220, 3))
        body = (int(x + long), int(y + long * 0.28))
        cv2.rectangle(image, (x, y), body, paint, -1)
        cv2.rectangle(image, (int(x + long * 0.2), int(y - long * 0.18)), (int(x + long * 0.8), y), (60, 55, 50), -1)
        for wheel in (0.2, 0.8):
            cv2.circle(image, (int(x + long * wheel), body[1]), int(long * 0.08), (20, 20, 20), -1)
