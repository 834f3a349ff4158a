from wayside_client.open_enum import OpenEnum


class PlatformFaultPartsItem(OpenEnum):
    AGENT = "agent"
    AGENTS = "agents"
    ARCHIVE = "archive"
    BROKER = "broker"
    CLOCK = "clock"
    EVENTS = "events"
    INTAKE = "intake"
    MAIL = "mail"
    NOTIFY = "notify"
    PARSE = "parse"
    PLATFORMS = "platforms"
    QUERY = "query"
    RETENTION = "retention"
    SIGN_IN = "sign_in"
    SMS = "sms"
    STORAGE = "storage"
    SUPERIORS = "superiors"
    TIME_STAMPS = "time_stamps"
    WEBHOOKS = "webhooks"
