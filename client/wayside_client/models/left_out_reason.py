from wayside_client.open_enum import OpenEnum


class LeftOutReason(OpenEnum):
    DAMAGED = "damaged"
    ERASED = "erased"
    LEAK = "leak"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
