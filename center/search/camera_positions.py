"""Finds cameras' positions: area search, maps, cases and the assessment all take them from here."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from center import polygons
from center.access.permissions import CameraKey, Scope
from center.assessment.tables import HeardCameraRecord, RegisteredRecord
from center.database.store import Store
from center.fleet.devices import CameraView
from center.geometry import Position
from center.polygons import Point
from provisioning.contracts.wire.messages import CameraStatus

Reported = Callable[[], Mapping[tuple[str, str], CameraStatus]]
"""Returns every camera that an agent reports now (`Devices.statuses`)."""


class PlacedCameraView(CameraView):
    """A camera with its position (`CameraPositions`)."""

    latitude: float | None
    longitude: float | None


class CameraPositions:
    """Finds the position of each camera, the same for every user. Blocks: call it from a worker thread.

    The first of these that has both coordinates counts:

    1. what its agent reports now (`CameraStatus`);
    2. of a camera that its agent reports no more, what it reported last (`assessment_cameras`);
    3. the register (`assessment_register`).

    The register keeps a position that is none on earth, so that the assessment can name the fault: `on_file` has it,
    every other answer leaves the camera without a position.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, store: Store, reported: Reported) -> None:
        self._store = store
        self._reported = reported

    def of(self, cameras: Collection[CameraKey]) -> dict[CameraKey, Position]:
        """Looks up the positions of these cameras; one that has none is left out."""
        reported = self._reported()
        agents = {key.agent_id for key in cameras if _reported_position(reported.get(key)) is None}
        with self._store.transaction() as session:
            known = _known(session, reported, agents)
        return {key: known[key] for key in cameras if key in known and known[key].is_on_earth}

    def placed(self, cameras: Iterable[CameraView]) -> tuple[PlacedCameraView, ...]:
        """Gives each camera its position, None where it has none."""
        listed = {CameraKey(each.agent_id, each.camera_id): each for each in cameras}
        found = self.of(listed)
        return tuple(
            PlacedCameraView(
                **view.model_dump(),
                latitude=found[key].latitude if key in found else None,
                longitude=found[key].longitude if key in found else None,
            )
            for key, view in listed.items()
        )

    def within(self, sight: Scope, corners: Sequence[Point]) -> Scope:
        """Narrows `sight` to the cameras in a polygon or on its line; one without a position is in none."""
        west, east = min(corner[0] for corner in corners), max(corner[0] for corner in corners)
        south, north = min(corner[1] for corner in corners), max(corner[1] for corner in corners)
        with self._store.transaction() as session:
            known = self.on_file(session)
        return Scope(
            cameras=frozenset(
                key
                for key, each in known.items()
                if west <= each.longitude <= east
                and south <= each.latitude <= north
                and sight.holds(*key)
                and polygons.outline_holds(corners, (each.longitude, each.latitude))
            )
        )

    def on_file(self, session: Session) -> dict[CameraKey, Position]:
        """Looks up every position, also one that is none on earth, in the caller's transaction."""
        return _known(session, self._reported())


def _known(
    session: Session, reported: Mapping[tuple[str, str], CameraStatus], agents: Collection[str] | None = None
) -> dict[CameraKey, Position]:
    """Joins the three sources. With `agents`, the tables are read for their cameras alone."""
    known = _kept(session, RegisteredRecord, agents)
    gone = _kept(session, HeardCameraRecord, agents)
    known |= {key: position for key, position in gone.items() if key not in reported}
    for key, status in reported.items():
        position = _reported_position(status)
        if position is not None:
            known[CameraKey(*key)] = position
    return known


def _kept(
    session: Session, table: type[RegisteredRecord | HeardCameraRecord], agents: Collection[str] | None
) -> dict[CameraKey, Position]:
    query = select(table.agent_id, table.camera_id, table.latitude, table.longitude)
    if agents is not None:
        query = query.where(table.agent_id.in_(agents))
    return {
        CameraKey(agent_id, camera_id): Position(latitude, longitude)
        for agent_id, camera_id, latitude, longitude in session.execute(query)
        if latitude is not None and longitude is not None
    }


def _reported_position(status: CameraStatus | None) -> Position | None:
    if status is None or status.latitude is None or status.longitude is None:
        return None
    return Position(status.latitude, status.longitude)
