from wayside_client.open_enum import OpenEnum


class Act(OpenEnum):
    APPROVE = "approve"
    CHANGE = "change"
    CLOSE = "close"
    CREATE = "create"
    EXPIRE = "expire"
    REFUSE = "refuse"
    REQUEST = "request"
    REVISE = "revise"
    WITHDRAW = "withdraw"
