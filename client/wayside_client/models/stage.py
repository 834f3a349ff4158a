from wayside_client.open_enum import OpenEnum


class Stage(OpenEnum):
    AGENTS = "agents"
    ARCHIVE = "archive"
    BROKER = "broker"
    CLOCK = "clock"
    DEVICES = "devices"
    EVENTS = "events"
    INTAKE = "intake"
    MAIL = "mail"
    NOTIFY = "notify"
    PARSE = "parse"
    PLATFORMS = "platforms"
    QUERY = "query"
    SIGN_IN = "sign_in"
    SMS = "sms"
    STORAGE = "storage"
    SUPERIORS = "superiors"
    TIME_STAMPS = "time_stamps"
    WEBHOOKS = "webhooks"
