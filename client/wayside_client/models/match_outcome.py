from wayside_client.open_enum import OpenEnum


class MatchOutcome(OpenEnum):
    LATE = "late"
    RAISED = "raised"
    REPEATED = "repeated"
    UNTRUSTED = "untrusted"
