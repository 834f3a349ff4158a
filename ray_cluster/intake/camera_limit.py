"""Limits the cameras that an agent may name: remembers those that it sent pictures of.

Rows, day tables and searches identify cameras by their names alone, which an agent is free to choose.
"""

from typing import Final

from provisioning.contracts.wire import bounds

FORGET_MS: Final = 24 * 3_600_000
"""Age at which an unused name no longer counts: cameras are renamed and replaced."""


class CameraRoll:
    """Cameras by agent in one intake. Lives in one asyncio loop; bounded by agents times `bounds.MAX_CAMERAS`."""

    def __init__(self) -> None:
        self._used_ms: dict[str, dict[str, int]] = {}

    def check(self, agent_id: str, camera_id: str, now_ms: int) -> None:
        """Record that an agent names a camera.

        Raises:
            ContractError: it is one too many.
        """
        used_ms = self._used_ms.setdefault(agent_id, {})
        if used_ms.pop(camera_id, None) is None and len(used_ms) >= bounds.MAX_CAMERAS:
            oldest = next(iter(used_ms))
            if now_ms - used_ms[oldest] < FORGET_MS:
                raise bounds.too_many_cameras(camera_id)
            del used_ms[oldest]
        # Behind all others: a dict keeps the order in which its keys came.
        used_ms[camera_id] = now_ms
