from wayside_client.open_enum import OpenEnum


class Indicator(OpenEnum):
    CLOCK = "clock"
    CODE = "code"
    COMPLETENESS = "completeness"
    DELIVERY = "delivery"
    ONLINE = "online"
    PICTURE = "picture"
    PLACE = "place"
    SNAPSHOT = "snapshot"
    TIMELINESS = "timeliness"
