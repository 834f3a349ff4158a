from wayside_client.open_enum import OpenEnum


class QuotaState(OpenEnum):
    OK = "ok"
    SPENT = "spent"
    WARNED = "warned"
