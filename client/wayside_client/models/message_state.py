from wayside_client.open_enum import OpenEnum


class MessageState(OpenEnum):
    DELIVERED = "delivered"
    EXPIRED = "expired"
    FAILED = "failed"
    SENDING = "sending"
    SENT = "sent"
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"
    WAITING = "waiting"
