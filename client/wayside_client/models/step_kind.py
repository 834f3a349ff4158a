from wayside_client.open_enum import OpenEnum


class StepKind(OpenEnum):
    ACCEPT = "accept"
    ARRIVE = "arrive"
    DONE = "done"
    LEAVE = "leave"
    NOTE = "note"
    PART = "part"
    REOPEN = "reopen"
