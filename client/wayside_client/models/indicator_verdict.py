from wayside_client.open_enum import OpenEnum


class IndicatorVerdict(OpenEnum):
    EXCUSED = "excused"
    FAIL = "fail"
    PASS = "pass"
    UNKNOWN = "unknown"
