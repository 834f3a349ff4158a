from wayside_client.open_enum import OpenEnum


class StatementVerdict(OpenEnum):
    DISPUTED = "disputed"
    WITHIN = "within"
