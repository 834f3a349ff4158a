"""Where the cameras of a case are: by their agent's word, or else by the register of the assessment."""

from collections.abc import Collection

from sqlalchemy import select

from center.access import CameraKey
from center.assessment.tables import RegisteredRecord
from center.cases.places import Place
from center.devices import Devices
from center.store import Store


class Cameras:
    """Blocks: call it from a worker thread."""

    def __init__(self, store: Store, devices: Devices) -> None:
        self._store = store
        self._devices = devices

    def places(self, keys: Collection[CameraKey]) -> dict[CameraKey, Place]:
        """Of those that anybody gave coordinates.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        found: dict[CameraKey, Place] = {}
        table = RegisteredRecord
        agents = {key.agent_id for key in keys}
        with self._store.transaction() as session:
            for record in session.scalars(select(table).where(table.agent_id.in_(agents))):
                key = CameraKey(record.agent_id, record.camera_id)
                if key in keys and _plausible(record.latitude, record.longitude):
                    found[key] = Place(record.latitude or 0.0, record.longitude or 0.0)
        for camera in self._devices.cameras():
            key = CameraKey(camera.agent_id, camera.camera_id)
            if key in keys and _plausible(camera.latitude, camera.longitude):
                found[key] = Place(camera.latitude or 0.0, camera.longitude or 0.0)
        return found


def _plausible(latitude: float | None, longitude: float | None) -> bool:
    """The register keeps what is wrong, so that the assessment can find it."""
    return latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180
