"""Sends the audit's entries to a syslog server (RFC 5424 over TLS, RFC 5425)."""
