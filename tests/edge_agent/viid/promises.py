"""Where a test keeps what was promised, or refuses to."""

from edge_agent.errors import SpoolFull


class Promised:
    """Open promises by observation id."""

    def __init__(self) -> None:
        self.open: dict[str, str] = {}
        self.is_full = False

    def promise(self, observation_id: str, camera_id: str) -> None:
        if self.is_full:
            raise SpoolFull("no room")
        self.open[observation_id] = camera_id

    def settle(self, observation_id: str) -> None:
        self.open.pop(observation_id, None)
