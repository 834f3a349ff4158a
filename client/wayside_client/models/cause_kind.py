from wayside_client.open_enum import OpenEnum


class CauseKind(OpenEnum):
    AGENT = "agent"
    AGENT_PENDING = "agent_pending"
    AGENT_REVOKED = "agent_revoked"
    AGENT_SILENT = "agent_silent"
    BROKER_AWAY = "broker_away"
    NONE = "none"
