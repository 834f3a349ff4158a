"""Errors of the audit's way to a syslog server."""

from center.errors import CenterError, marked


class SyslogFailedError(CenterError):
    """The server did not take a delivery; its entries wait and are sent again."""

    code = "syslog_failed"
    message = marked("The syslog server {server} did not take entries of the audit: {cause}.")
    remedy = marked(
        "Check [audit_syslog], the server and its certificate. Entries wait in the audit and are sent again."
    )


class SyslogBehindError(CenterError):
    """Never raised: holds the texts for entries that wait longer than `late_after_s`."""

    code = "syslog_behind"
    message = marked(
        "Entries of the audit wait for the syslog server {server}: {waiting}, the oldest for {minutes} min ({cause})."
    )
    remedy = marked(
        "Check [audit_syslog], the server and its certificate. Nothing is lost while the audit keeps its entries."
    )
