from wayside_client.open_enum import OpenEnum


class ClockQuality(OpenEnum):
    ARRIVAL = "arrival"
    SYNCED = "synced"
    UNKNOWN = "unknown"
