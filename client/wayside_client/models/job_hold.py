from wayside_client.open_enum import OpenEnum


class JobHold(OpenEnum):
    AGENT_AWAY = "agent_away"
    NO_ANSWER = "no_answer"
