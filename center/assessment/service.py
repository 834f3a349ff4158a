"""Wires the assessment as one service."""

from dataclasses import dataclass
from typing import Self

from center.assessment.assessor import Assessor, Recent
from center.assessment.camera_register import CameraRegister
from center.assessment.districts import AssessedDistricts
from center.assessment.maintenance import Maintenance
from center.assessment.profiles import Positions
from center.assessment.recording.recorder import Recorder
from center.assessment.settings import SettingsBook
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store
from center.fleet.devices import Devices


def open_assessor(store: Store, positions: Positions, clock: NowMs) -> Assessor:
    """Opens an assessor for reports alone, as the command line needs it."""
    return _assessor(store, Audit(store, clock), positions, clock)[0]


def _assessor(store: Store, audit: Audit, positions: Positions, now_ms: NowMs) -> tuple[Assessor, SettingsBook]:
    """Makes an assessor with its settings, each change of which first closes the months that are due."""
    settings = SettingsBook(store, audit, now_ms, lambda: assessor.months.close_due())  # noqa: PLW0108 - assigned below
    assessor = Assessor(store, audit, settings, positions, now_ms)
    return assessor, settings


@dataclass(frozen=True, slots=True)
class Assessment:
    """Service of the assessment: facts (`recorder`), entries of users, and reports from both (`assessor`)."""

    recorder: Recorder
    settings: SettingsBook
    districts: AssessedDistricts
    register: CameraRegister
    maintenance: Maintenance
    assessor: Assessor
    recent: Recent

    @classmethod
    def over(cls, store: Store, audit: Audit, devices: Devices, positions: Positions, now_ms: NowMs) -> Self:
        """Wires the service over one database."""
        assessor, settings = _assessor(store, audit, positions, now_ms)
        close_due = assessor.months.close_due
        return cls(
            recorder=Recorder(store, devices, now_ms),
            settings=settings,
            districts=AssessedDistricts(store, audit, close_due),
            register=CameraRegister(store, audit, close_due),
            maintenance=Maintenance(store, audit, settings, now_ms, close_due),
            assessor=assessor,
            recent=Recent(assessor, now_ms),
        )
