from wayside_client.open_enum import OpenEnum


class RateState(OpenEnum):
    FLOOR = "floor"
    FULL = "full"
    HALF = "half"
    QUARTER = "quarter"
