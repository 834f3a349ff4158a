from wayside_client.open_enum import OpenEnum


class Verb(OpenEnum):
    CANCEL = "cancel"
    PAUSE = "pause"
    PRIORITY = "priority"
    RESUME = "resume"
    START = "start"
