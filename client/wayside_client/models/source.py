from wayside_client.open_enum import OpenEnum


class Source(OpenEnum):
    ARCHIVE = "archive"
    BROKER = "broker"
    CLUSTER = "cluster"
