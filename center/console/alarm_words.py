"""Names alarms, rules and their states on the console's pages."""

from typing import Final

from center.alarms.lifecycle import AlarmState
from center.alarms.rule import Severity
from center.errors import marked

SEVERITIES: Final = {
    Severity.INFO: marked("Information"),
    Severity.WARNING: marked("Warning"),
    Severity.CRITICAL: marked("Critical"),
}
TONES: Final = {Severity.INFO: "off", Severity.WARNING: "warn", Severity.CRITICAL: "bad"}
STATES: Final = {
    AlarmState.OPEN: marked("Open"),
    AlarmState.ESCALATED: marked("Escalated"),
    AlarmState.ACKNOWLEDGED: marked("Acknowledged"),
    AlarmState.CLOSED: marked("Closed"),
}
PARTS: Final = {
    "agent": marked("Agent silent"),
    "broker": marked("Broker away"),
    "query": marked("Archive away"),
    "platforms": marked("Recorder or platform down"),
    "intake": marked("Fault of the intake"),
    "parse": marked("Fault of the parsing"),
    "archive": marked("Fault of the archive"),
    "storage": marked("Fault of the storage"),
    "notify": marked("Notification channel down"),
    "retention": marked("Retention waits for a person"),
}
