"""Errors of one receiver of events, for health and the pipeline page."""

from center.errors import CenterError
from center.pipeline import causes


class ReceiverAwayError(CenterError):
    """A receiver takes nothing now. What waits for it keeps waiting."""

    code = causes.EVENTS_AWAY.code
    message = causes.EVENTS_AWAY.message
    remedy = causes.EVENTS_AWAY.remedy
