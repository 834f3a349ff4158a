from wayside_client.open_enum import OpenEnum


class Priority(OpenEnum):
    FIRST = "first"
    LAST = "last"
    NORMAL = "normal"
