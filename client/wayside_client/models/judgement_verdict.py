from wayside_client.open_enum import OpenEnum


class JudgementVerdict(OpenEnum):
    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
