from wayside_client.open_enum import OpenEnum


class TermState(OpenEnum):
    DROPPED = "dropped"
    MET = "met"
    MISSED = "missed"
    PAUSED = "paused"
    RUNNING = "running"
