from wayside_client.open_enum import OpenEnum


class Lane(OpenEnum):
    BACKLOG = "backlog"
    LIVE = "live"
