"""Builds the catalogue for a superior from the districts that its configuration names. Blocks."""

from collections.abc import Iterator, Mapping
from typing import Final

from center.access.districts import DistrictRecord, cameras_of
from center.access.permissions import CameraKey
from center.cascade.channel_codes import CodeKind, codes_of
from center.cascade.nodes import CatalogNode, UpwardCatalog
from center.database.store import Store
from center.fleet.devices import CameraView, Devices, DeviceState
from center.search.camera_positions import CameraPositions
from provisioning.contracts.config.cascade import Superior

_PLACE_DIGITS: Final = 6
"""Digits of a civil code: province, city, county."""
_UNKNOWN: Final = frozenset({DeviceState.UNKNOWN, DeviceState.STARTING})
"""States that say nothing of the camera: a superior goes on with what it was told last."""


class CatalogSource:
    """Reads districts, cameras and positions of one centre.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, store: Store, devices: Devices, positions: CameraPositions) -> None:
        self._store = store
        self._devices = devices
        self._positions = positions

    def below(self) -> frozenset[str]:
        """Returns the ids of all devices and platforms that register with our agents."""
        return frozenset(status.device_id for status in self._devices.statuses().values() if status.device_id)

    def read(self, superior: Superior, last: UpwardCatalog) -> tuple[UpwardCatalog, tuple[str, ...]]:
        """Builds the catalogue; returns it with the ids of districts that there are not.

        `last`: the catalogue before, whose state a camera keeps while its own is not known.

        Raises:
            CodesSpentError: no code is left for a camera or district.
        """
        views = {CameraKey(each.agent_id, each.camera_id): each for each in self._devices.cameras()}
        with self._store.transaction() as session:
            records = {each: session.get(DistrictRecord, each) for each in superior.districts}
            districts = {each: record for each, record in records.items() if record is not None}
            held = cameras_of(session, districts)
            at: dict[CameraKey, str] = {}
            for district_id in districts:
                for key in sorted(held[district_id].cameras):
                    if key in views:
                        at.setdefault(key, district_id)  # a camera of two districts stands in the first
            own = superior.own_id
            group = codes_of(session, own, CodeKind.GROUP, [""] if districts else [], {})
            groups = codes_of(session, own, CodeKind.DISTRICT, districts, superior.district_codes)
            names = {key: f"{key.agent_id}/{key.camera_id}" for key in at}
            codes = codes_of(session, own, CodeKind.CAMERA, names.values(), superior.camera_codes)
        placed = self._positions.of(at) if superior.coordinates else {}

        def nodes() -> Iterator[CatalogNode]:
            place = own[:_PLACE_DIGITS]
            for code in group.values():
                yield CatalogNode(code, superior.name, own, place)
            for district_id, record in districts.items():
                civil = (record.region or "")[:_PLACE_DIGITS] or place
                yield CatalogNode(groups[district_id], record.name, group[""], civil, group[""])
            for key, district_id in at.items():
                civil = (districts[district_id].region or "")[:_PLACE_DIGITS] or place
                code, position = codes[names[key]], placed.get(key)
                yield CatalogNode(
                    code=code,
                    name=views[key].title,
                    parent=groups[district_id],
                    civil_code=civil,
                    is_on=_is_on(views[key], last.nodes, code),
                    longitude=None if position is None else position.longitude,
                    latitude=None if position is None else position.latitude,
                )

        missing = tuple(each for each in superior.districts if each not in districts)
        return UpwardCatalog.of(nodes()), missing


def _is_on(view: CameraView, last: Mapping[str, CatalogNode], code: str) -> bool:
    if view.state in _UNKNOWN:
        known = last.get(code)
        return known is not None and known.is_on is True
    return view.state is DeviceState.ONLINE
