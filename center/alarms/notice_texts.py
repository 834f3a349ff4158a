"""Turns notices of alarms into messages of the notification channels."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from center.alarms.notices import Notice
from center.fleet.devices import Devices
from center.notify.message import Label, Message
from center.notify.service import Notifier

LINK = "/alarms"
_LABEL: TypeAdapter[str] = TypeAdapter(Label)


class NoticeSender:
    """Delivers a notice to the channels of its level. Implements `center.alarms.notices.NoticeTaker`."""

    def __init__(self, notifier: Notifier, devices: Devices, levels: Sequence[Sequence[str]]) -> None:
        """`levels`: channels when an alarm is raised, then at each escalation; the last entry serves all later ones."""
        self._notifier = notifier
        self._devices = devices
        self._levels = levels

    def notify(self, notice: Notice) -> None:
        """Queues a notice for each channel. On return it is on the disk, and the same notice changes nothing later.

        Raises:
            OutboxFullError, StoreUnavailableError: the notice is not taken over now.
        """
        message = self._message(notice)
        for channel in self._levels[min(notice.level, len(self._levels) - 1)]:
            self._notifier.deliver(message, channel)

    def _message(self, notice: Notice) -> Message:
        alarm = notice.alarm
        place = alarm.camera_id or alarm.agent_id or "centre"
        camera = self._devices.camera(alarm.agent_id, alarm.camera_id) if alarm.camera_id else None
        return Message(
            id=f"alarm-{alarm.id}-{notice.id}",
            camera_id=place,
            camera_name=_label(camera.name if camera is not None else "", place),
            rule=_label(alarm.rule_name, f"rule {alarm.rule_id}"),
            at_ms=alarm.times.captured_at_ms or alarm.times.decided_at_ms,
            link=LINK,
        )


def _label(text: str, instead: str) -> str:
    """Returns what a user typed, or `instead` if a message may not hold it (`center.notify.message`)."""
    try:
        return _LABEL.validate_python(text[:64])
    except ValidationError:
        return instead
