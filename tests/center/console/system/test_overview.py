"""Figures of the overview that the agents' books give: unknown until there is something to compare them with."""

from center.access.permissions import EVERYWHERE
from center.console.system import overview
from center.database.store import Store
from center.fleet.roster import Roster
from tests.center.assessment.recording.test_assessment_facts import DAY, Centre, beat
from tests.center.conftest import Clock
from tests.center.world import camera_status


def test_what_was_archived_today_is_unknown_until_the_books_of_two_hours_were_heard(
    store: Store, roster: Roster, clock: Clock
) -> None:
    centre = Centre(store, roster, clock)
    centre.hear(camera_status("cam-1"))

    def archived() -> int | None:
        return overview.archived(centre.assessor().judged(DAY, sight=EVERYWHERE).report.cameras)

    assert archived() is None
    centre.hear(beat(centre.clock.now_ms, selected=12, archived=10))
    centre.recorder.tick()
    assert archived() is None
    centre.clock.now_ms += 3_600_000
    centre.hear(beat(centre.clock.now_ms, selected=12, archived=10))
    centre.recorder.tick()
    assert archived() == 0
    centre.hear(beat(centre.clock.now_ms + 1, selected=20, archived=18))
    centre.recorder.tick()
    assert archived() == 8
