from wayside_client.open_enum import OpenEnum


class OrderUrgency(OpenEnum):
    KEY = "key"
    ORDINARY = "ordinary"
