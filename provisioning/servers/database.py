"""Configures PostgreSQL for the centre, on the head: TLS, scram-sha-256, no trusted connection."""

from collections.abc import Iterator

from provisioning.servers.plan import ServersPlan
from provisioning.servers.tree import ETC, SECRET, File

DATABASE = "wayside"
ROLE = "wayside_center"
PASSWORD = "/etc/wayside-center/secrets/database-password"  # noqa: S105 - where it lies
KEY = f"{ETC}/tls/database.key"
CERTIFICATE = f"{ETC}/tls/database.pem"
HBA = f"{ETC}/pg_hba.conf"
SETUP = f"{ETC}/database.sql"


def files(plan: ServersPlan, certificate: bytes, key: bytes) -> Iterator[File]:
    """Yields the files of PostgreSQL; none if the plan says SQLite."""
    if plan.postgresql is None:
        return
    yield File.text(f"/etc/postgresql/{plan.postgresql}/main/conf.d/wayside.conf", settings())
    yield File.text(HBA, _HBA)
    yield File.text(SETUP, _SETUP)
    yield File(CERTIFICATE, certificate)
    yield File(KEY, key, SECRET, "postgres")


def settings(certificate: str = CERTIFICATE, key: str = KEY, hba: str = HBA) -> str:
    """Writes the settings that differ from Debian's; included from its postgresql.conf."""
    return f"""\
# Rendered by wayside-provision. The centre comes over loopback alone; no other machine needs this port.
listen_addresses = 'localhost'
hba_file = '{hba}'
password_encryption = 'scram-sha-256'
ssl = on
ssl_cert_file = '{certificate}'
ssl_key_file = '{key}'
ssl_min_protocol_version = 'TLSv1.3'
# The audit is a promise: what was said to be written is on the disk.
fsync = on
full_page_writes = on
synchronous_commit = on
log_connections = on
log_disconnections = on
log_line_prefix = '%m [%p] %u@%d '
timezone = 'UTC'
"""


_HBA = f"""\
# Rendered by wayside-provision. The operating system says who postgres is; everybody else proves it, over TLS.
# TYPE    DATABASE    USER                ADDRESS         METHOD
local     all         postgres                            peer
hostssl   {DATABASE}     {ROLE}      127.0.0.1/32    scram-sha-256
hostssl   {DATABASE}     {ROLE}      ::1/128         scram-sha-256
host      all         all                 all             reject
"""
_SETUP = f"""\
-- Once: runuser -u postgres -- psql -v ON_ERROR_STOP=1 -f {SETUP}
-- The password stays out of command lines and logs; root lets psql read it for this one time:
--   install -m 600 -o postgres {PASSWORD} /run/wayside-database-password
\\set password `cat /run/wayside-database-password`
SET log_statement = 'none';
CREATE ROLE {ROLE} LOGIN PASSWORD :'password';
CREATE DATABASE {DATABASE} OWNER {ROLE} ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
"""
