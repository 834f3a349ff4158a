"""Section [audit_syslog] of the centre's configuration: the syslog server that the audit's entries go to."""

from typing import Self

from pydantic import Field, model_validator

from provisioning.contracts.config.notify import Host
from provisioning.contracts.section import Port, ResolvedPath, Section


class AuditSyslog(Section):
    """Syslog server by RFC 5425: RFC 5424 messages over TLS, with the centre's own certificate where one is set."""

    host: Host
    """Name or address, which the server's certificate must carry."""
    port: Port = 6514
    ca_file: ResolvedPath
    """Certificates of the authorities that the server's certificate is checked by."""
    cert_file: ResolvedPath | None = None
    """The centre's certificate, for a server that asks for one."""
    key_file: ResolvedPath | None = None
    enterprise_id: str = Field(default="32473", pattern=r"^[1-9][0-9]{0,9}(\.[0-9]{1,10}){0,4}$")
    """Private enterprise number of the structured data, `wayside@NUMBER`; IANA keeps 32473 free for examples."""
    facility: int = Field(default=13, ge=0, le=23)
    """RFC 5424, table 1: 13 is the audit's, 10 and 4 are those of security."""
    timeout_s: float = Field(default=10.0, ge=0.1, le=120)
    """Seconds in which the server must have read one delivery."""
    late_after_s: float = Field(default=300.0, ge=1, le=86_400)
    """Age of the oldest waiting entry from which on health reports a fault."""

    @model_validator(mode="after")
    def _whole_identity(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("audit_syslog: cert_file and key_file go together")
        return self
