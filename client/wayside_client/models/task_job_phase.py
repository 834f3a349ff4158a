from wayside_client.open_enum import OpenEnum


class TaskJobPhase(OpenEnum):
    CANCELLED = "cancelled"
    DONE = "done"
    FAILED = "failed"
    LAPSED = "lapsed"
    LOST = "lost"
    ORDERED = "ordered"
    PAUSED = "paused"
    REFUSED = "refused"
    RUNNING = "running"
    WAITING = "waiting"
