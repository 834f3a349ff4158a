"""Which cameras stand in an area on the map, by the places that they or the register tell."""

from collections.abc import Sequence

from center.access import CameraKey, Scope
from center.assessment import outline
from center.assessment.outline import Point
from center.assessment.profiles import profiles
from center.devices import Devices
from center.store import Store


class Places:
    """Where cameras stand: as an agent says now, else as it said or the register has it.

    Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, store: Store, devices: Devices) -> None:
        self._store = store
        self._devices = devices

    def within(self, sight: Scope, corners: Sequence[Point]) -> Scope:
        """The cameras of `sight` that stand in a polygon or on its line; one whose place nobody told is in none."""
        west, east = min(corner[0] for corner in corners), max(corner[0] for corner in corners)
        south, north = min(corner[1] for corner in corners), max(corner[1] for corner in corners)
        return Scope(
            cameras=frozenset(
                key
                for key, (longitude, latitude) in self._known().items()
                if west <= longitude <= east
                and south <= latitude <= north
                and sight.holds(*key)
                and outline.holds(corners, (longitude, latitude))
            )
        )

    def _known(self) -> dict[CameraKey, Point]:
        with self._store.transaction() as session:
            filed = profiles(session)
        places = {
            CameraKey(*each.key): (each.longitude, each.latitude)
            for each in filed
            if each.longitude is not None and each.latitude is not None
        }
        return places | {
            CameraKey(each.agent_id, each.camera_id): (each.longitude, each.latitude)
            for each in self._devices.cameras()
            if each.longitude is not None and each.latitude is not None
        }
