from wayside_client.open_enum import OpenEnum


class TaskState(OpenEnum):
    BROKEN = "broken"
    DONE = "done"
    HELD = "held"
    IDLE = "idle"
    PAUSED = "paused"
    RUNNING = "running"
    UNKNOWN = "unknown"
