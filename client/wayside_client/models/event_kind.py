from wayside_client.open_enum import OpenEnum


class EventKind(OpenEnum):
    ALARM = "alarm"
    ASSESSMENT = "assessment"
    CAMERA_STATE = "camera_state"
    OBSERVATION = "observation"
    PEOPLE = "people"
