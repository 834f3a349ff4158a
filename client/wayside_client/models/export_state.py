from wayside_client.open_enum import OpenEnum


class ExportState(OpenEnum):
    CANCELLED = "cancelled"
    FAILED = "failed"
    READY = "ready"
    REMOVED = "removed"
    RUNNING = "running"
