"""Which cameras stand in an area on the map, by the places that they or the register tell."""

from collections.abc import Sequence

from center.access import CameraKey, Scope
from center.assessment import outline
from center.assessment.outline import Point
from center.assessment.profiles import profiles
from center.store import Store


class Places:
    """Where cameras stand. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def within(self, sight: Scope, corners: Sequence[Point]) -> Scope:
        """The cameras of `sight` that stand in a polygon or on its line; one whose place nobody told is in none."""
        west, east = min(corner[0] for corner in corners), max(corner[0] for corner in corners)
        south, north = min(corner[1] for corner in corners), max(corner[1] for corner in corners)
        with self._store.transaction() as session:
            known = profiles(session)
        return Scope(
            cameras=frozenset(
                CameraKey(*profile.key)
                for profile in known
                if profile.longitude is not None
                and profile.latitude is not None
                and west <= profile.longitude <= east
                and south <= profile.latitude <= north
                and sight.holds(*profile.key)
                and outline.holds(corners, (profile.longitude, profile.latitude))
            )
        )
