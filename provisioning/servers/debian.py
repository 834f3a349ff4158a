"""Configures Debian's own services on every server: journals, clock, kernel, and the mount of the archive."""

from collections.abc import Iterator
from typing import Final

from provisioning.servers.cluster_files import STATE
from provisioning.servers.plan import PlannedServer, ServersPlan
from provisioning.servers.ports import JOURNALS, JOURNALS_UNIT
from provisioning.servers.tree import ETC, SECRET, File

ARCHIVE: Final = f"{STATE}/archive"
ARCHIVE_UNIT: Final = "var-lib-wayside\\x2dcluster-archive.mount"
CLOCK_SOURCES: Final = "/etc/chrony/sources.d/wayside.sources"
"""Absent on a head whose plan names no time server."""
_CLOCK: Final = "/etc/chrony/wayside.conf"
_CLOCK_BASE: Final = """\
sourcedir /etc/chrony/sources.d
driftfile /var/lib/chrony/chrony.drift
maxupdateskew 100.0
rtcsync
makestep 1 3
"""
"""Debian's settings, without its pool and the servers that DHCP names."""
ARCHIVE_UID: Final = 940
"""User id of wayside-cluster if the archive is shared: NFS compares numbers."""


def journals(
    plan: ServersPlan, server: PlannedServer, certificate: bytes, key: bytes, authority: bytes
) -> Iterator[File]:
    """Yields files by which the head receives journals and the others send them.

    Their units take the key as a credential: only root can read its file. Debian 13 builds systemd-journal-remote
    without a check of certificates, so at the head stunnel has the port, and hands on what comes from a server of the
    plan.
    """
    if not plan.others(server):
        return
    yield File(f"{ETC}/tls/journal.key", key, SECRET)
    yield File.text(f"{ETC}/tls/journal.pem", certificate.decode())
    yield File.text(f"{ETC}/tls/ca.pem", authority.decode())
    credentials = "".join(f"LoadCredential={name}:{ETC}/tls/{name}\n" for name in _CREDENTIALS)
    if server is plan.head:
        yield from _received(credentials, every_address=":::" if plan.head.address.version == 6 else "")
        return
    service = "systemd-journal-upload.service"
    yield File.text(f"/etc/systemd/system/{service}.d/wayside.conf", f"[Service]\n{credentials}")
    named = {"ServerKeyFile": "journal.key", "ServerCertificateFile": "journal.pem", "TrustedCertificateFile": "ca.pem"}
    trust = "".join(f"{key}=/run/credentials/{service}/{name}\n" for key, name in named.items())
    head = f"[{plan.head.address}]" if plan.head.address.version == 6 else str(plan.head.address)
    text = f"[Upload]\nURL=https://{head}:{JOURNALS}\n{trust}"
    yield File.text("/etc/systemd/journal-upload.conf.d/wayside.conf", text)


def _received(credentials: str, *, every_address: str) -> Iterator[File]:
    held = f"/run/credentials/{JOURNALS_UNIT}"
    yield File.text(
        f"{ETC}/journals.conf",
        "; Rendered by wayside-provision.\nforeground = yes\nsyslog = no\ndebug = warning\npid =\n\n"
        f"[journals]\naccept = {every_address}{JOURNALS}\nconnect = {_SINK}\n"
        f"cert = {held}/journal.pem\nkey = {held}/journal.key\nCAfile = {held}/ca.pem\n"
        "verifyChain = yes\nsslVersionMin = TLSv1.3\n",
    )
    yield File.text(f"/etc/systemd/system/{JOURNALS_UNIT}", f"{_TLS_BEFORE_JOURNALS}{credentials}{_SANDBOX}")
    units = "/etc/systemd/system/systemd-journal-remote"
    yield File.text(
        f"{units}.socket.d/wayside.conf",
        f"[Socket]\nListenStream=\nListenStream={_SINK}\nSocketUser=systemd-journal-remote\nSocketMode=0600\n",
    )
    yield File.text(
        f"{units}.service.d/wayside.conf",
        "[Service]\nExecStart=\nExecStart=/usr/lib/systemd/systemd-journal-remote --listen-http=-3 --split-mode=none"
        " --output=/var/log/journal/remote/remote.journal\n",
    )
    # Kept as long as pictures: a log line names cameras and agents.
    text = "[Remote]\nMaxFileSize=128M\nKeepFree=5G\n"
    yield File.text("/etc/systemd/journal-remote.conf.d/wayside.conf", text)


def clock(plan: ServersPlan, server: PlannedServer) -> Iterator[File]:
    """Configures chrony: the head asks the plan's servers, the others ask the head, and none asks Debian's pool."""
    asked = plan.ntp if server is plan.head else (plan.head.address,)
    if asked:
        yield File.text(CLOCK_SOURCES, "".join(f"server {each} iburst\n" for each in asked))
    lines = _CLOCK_BASE
    if server is plan.head:
        # An island: better one clock for all than none.
        lines += "local stratum 10\n" + "".join(f"allow {each}\n" for each in plan.others(server))
    yield File.text(_CLOCK, f"# Rendered by wayside-provision.\n{lines}")
    yield File.text("/etc/default/chrony", f'# Rendered by wayside-provision.\nDAEMON_OPTS="-F 1 -f {_CLOCK}"\n')


def kernel() -> Iterator[File]:
    """Sets kernel limits. Pictures are in memory: no core file, next to no swap. And room for what Ray opens."""
    yield File.text(
        "/etc/sysctl.d/60-wayside.conf",
        "# Rendered by wayside-provision.\n"
        "kernel.core_pattern = |/bin/false\n"
        "fs.suid_dumpable = 0\n"
        "vm.swappiness = 1\n"
        "# Tables are mapped, a segment at a time.\n"
        "vm.max_map_count = 1048576\n"
        "fs.file-max = 2097152\n"
        "net.core.somaxconn = 4096\n"
        "# Agents behind a dead line are found out in two minutes.\n"
        "net.ipv4.tcp_keepalive_time = 60\n"
        "net.ipv4.tcp_keepalive_intvl = 15\n"
        "net.ipv4.tcp_keepalive_probes = 4\n",
    )
    yield File.text("/etc/systemd/coredump.conf.d/wayside.conf", "[Coredump]\nStorage=none\nProcessSizeMax=0\n")
    yield File.text(
        "/etc/systemd/system.conf.d/wayside.conf", "[Manager]\nDefaultLimitCORE=0\nDefaultLimitNOFILE=65536\n"
    )
    yield File.text("/etc/systemd/journald.conf.d/wayside.conf", "[Journal]\nStorage=persistent\nSystemMaxUse=2G\n")


def shared_archive(plan: ServersPlan, server: PlannedServer) -> Iterator[File]:
    """Shares one directory with every archiver: NFSv4, whose `flock` holds between hosts (docs/decisions/0009)."""
    if not plan.readers:
        return
    if server is plan.keeper:
        readers = " ".join(f"{each.address}(rw,sync,no_subtree_check,root_squash)" for each in plan.readers)
        yield File.text("/etc/exports.d/wayside.exports", f"{ARCHIVE} {readers}\n")
        yield File.text("/etc/nfs.conf.d/wayside.conf", "[nfsd]\nvers3=n\nvers4=y\n")
    elif server in plan.readers:
        source = f"[{plan.keeper.address}]" if plan.keeper.address.version == 6 else str(plan.keeper.address)
        yield File.text(
            f"/etc/systemd/system/{ARCHIVE_UNIT}",
            "# Rendered by wayside-provision.\n[Unit]\nDescription=Wayside archive, on its keeper's disks\n"
            "Wants=network-online.target\nAfter=network-online.target\n\n"
            f"[Mount]\nWhat={source}:{ARCHIVE}\nWhere={ARCHIVE}\nType=nfs4\nOptions=hard,nodev,nosuid,noexec\n\n"
            "[Install]\nWantedBy=multi-user.target\n",
        )
        yield File.text(
            "/etc/systemd/system/wayside-cluster.service.d/archive.conf",
            f"# Never beside its mount: rows would lie where nobody reads them.\n[Unit]\nRequiresMountsFor={ARCHIVE}\n",
        )


_CREDENTIALS: Final = ("journal.key", "journal.pem", "ca.pem")
_SINK: Final = "/run/wayside-journals.sock"
"""Socket of systemd-journal-remote, for its own account alone."""
_TLS_BEFORE_JOURNALS: Final = """\
# Rendered by wayside-provision.
[Unit]
Description=Journals of the other servers: checks their certificates, hands on to systemd-journal-remote
Requires=systemd-journal-remote.socket
After=network-online.target systemd-journal-remote.socket
Wants=network-online.target

[Service]
ExecStart=/usr/bin/stunnel /etc/wayside-servers/journals.conf
User=systemd-journal-remote
"""
_SANDBOX: Final = """\
Restart=always
RestartSec=2
LimitCORE=0
MemorySwapMax=0

NoNewPrivileges=yes
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""
