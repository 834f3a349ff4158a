"""Lists the weaknesses that the self-check knows, and holds what it found. No text has a secret in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from center.errors import marked


class WeaknessSeverity(StrEnum):
    """Severity of a weakness, the worst first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Weakness(StrEnum):
    """Names of the weaknesses. They are for programs: they do not change."""

    DORMANT_ACCOUNT = "dormant_account"
    NO_SECOND_FACTOR = "no_second_factor"
    OLD_PASSWORD = "old_password"  # noqa: S105 - a name
    ENDLESS_SESSION = "endless_session"
    ENDLESS_TOKEN = "endless_token"  # noqa: S105 - a name
    CERTIFICATE_ENDS = "certificate_ends"
    FILE_UNREADABLE = "file_unreadable"
    OPEN_ROUTE = "open_route"
    SECRET_READABLE = "secret_readable"  # noqa: S105 - a name
    DEFAULT_SECRET = "default_secret"  # noqa: S105 - a name
    PLAIN_LISTENER = "plain_listener"
    PLAIN_CONNECTION = "plain_connection"
    RETENTION_STOPPED = "retention_stopped"
    AUDIT_UNVERIFIED = "audit_unverified"
    AUDIT_BROKEN = "audit_broken"
    AUDIT_UNSIGNED = "audit_unsigned"
    BACKUP_OLD = "backup_old"
    KNOWN_FAULT = "known_fault"
    ADVISORY_UNREADABLE = "advisory_unreadable"
    ADVISORIES_OLD = "advisories_old"


@dataclass(frozen=True, slots=True)
class WeaknessTexts:
    """Severity and texts of a weakness; the texts are templates that a finding's facts fill in."""

    severity: WeaknessSeverity
    message: str
    remedy: str


TEXTS = {
    Weakness.DORMANT_ACCOUNT: WeaknessTexts(
        WeaknessSeverity.MEDIUM,
        marked("The account has not been used for {days} days."),
        marked("Disable it: Users, or wayside-center user disable {name}."),
    ),
    Weakness.NO_SECOND_FACTOR: WeaknessTexts(
        WeaknessSeverity.MEDIUM,
        marked("The account has no two-factor authentication."),
        marked("Its owner sets it up under My account."),
    ),
    Weakness.OLD_PASSWORD: WeaknessTexts(
        WeaknessSeverity.LOW,
        marked("The password is {days} days old."),
        marked("Its owner changes it under My account."),
    ),
    Weakness.ENDLESS_SESSION: WeaknessTexts(
        WeaknessSeverity.HIGH,
        marked("A session ends later than session_hours allows."),
        marked("End the sessions of the account: wayside-center user reset-password {name}."),
    ),
    Weakness.ENDLESS_TOKEN: WeaknessTexts(
        WeaknessSeverity.HIGH,
        marked("The API token {token} ends later than token_max_days allows."),
        marked("Revoke it and create another: wayside-center user revoke-token {name} {token}."),
    ),
    Weakness.CERTIFICATE_ENDS: WeaknessTexts(
        WeaknessSeverity.MEDIUM,
        marked("The certificate ends in {days} days."),
        marked("Renew it and put the new one into {file}."),
    ),
    Weakness.FILE_UNREADABLE: WeaknessTexts(
        WeaknessSeverity.MEDIUM,
        marked("The file {file} cannot be checked ({cause})."),
        marked("Correct the setting, or give the centre's user the file."),
    ),
    Weakness.OPEN_ROUTE: WeaknessTexts(
        WeaknessSeverity.HIGH,
        marked("The route answers without a log-in."),
        marked("Name a permission for it where it is defined, or install a release as it was published."),
    ),
    Weakness.SECRET_READABLE: WeaknessTexts(
        WeaknessSeverity.HIGH,
        marked("Other users of this machine may read or change the secret file {file} (mode {mode})."),
        marked("chmod 600 {file}, then replace the secret: it may have been read."),
    ),
    Weakness.DEFAULT_SECRET: WeaknessTexts(
        WeaknessSeverity.HIGH,
        marked("The secret in {file} is one that everybody tries."),
        marked("Replace it by a random one, here and where it is checked."),
    ),
    Weakness.PLAIN_LISTENER: WeaknessTexts(
        WeaknessSeverity.HIGH,
        marked("A service without encryption listens on {address}, beyond this machine."),
        marked("Bind it to 127.0.0.1, or serve it by TLS."),
    ),
    Weakness.PLAIN_CONNECTION: WeaknessTexts(
        WeaknessSeverity.HIGH,
        marked("The connection to {host} is not encrypted."),
        marked("Use https, or an address on this machine."),
    ),
    Weakness.RETENTION_STOPPED: WeaknessTexts(
        WeaknessSeverity.HIGH,
        marked("Nothing is deleted any more: {cause}."),
        marked("Correct the clock. If it is correct, confirm: wayside-center retention --confirm DATE"),
    ),
    Weakness.AUDIT_UNVERIFIED: WeaknessTexts(
        WeaknessSeverity.MEDIUM,
        marked("The audit's chain has not been verified for {days} days."),
        marked("Verify it: Audit log, or wayside-center audit verify."),
    ),
    Weakness.AUDIT_BROKEN: WeaknessTexts(
        WeaknessSeverity.HIGH,
        marked("The audit's chain was broken when it was last verified."),
        marked("Find out who changed it: wayside-center audit verify names the entry. Restore from a backup."),
    ),
    Weakness.AUDIT_UNSIGNED: WeaknessTexts(
        WeaknessSeverity.LOW,
        marked("The days of the audit are not signed."),
        marked("Make a key with wayside-center audit new-key FILE and set audit_key_file."),
    ),
    Weakness.BACKUP_OLD: WeaknessTexts(
        WeaknessSeverity.MEDIUM,
        marked("The records have not been backed up for {days} days."),
        marked("Run wayside-center backup FOLDER, by a timer best."),
    ),
    Weakness.KNOWN_FAULT: WeaknessTexts(
        WeaknessSeverity.MEDIUM,
        marked("{package} {version} has a known fault: {advisory}."),
        marked("Install a release of Wayside with {package} {fixed}."),
    ),
    Weakness.ADVISORY_UNREADABLE: WeaknessTexts(
        WeaknessSeverity.LOW,
        marked("The advisory {file} cannot be read ({cause})."),
        marked("Bring it again: one JSON file of OSV's format for each advisory."),
    ),
    Weakness.ADVISORIES_OLD: WeaknessTexts(
        WeaknessSeverity.LOW,
        marked("No advisory in the folder is newer than {days} days."),
        marked("Bring the newest advisories to advisories_dir."),
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A weakness at one place."""

    weakness: Weakness
    where: str
    """Account, setting, route, file or package."""
    facts: Mapping[str, object]
    is_worse: bool = False
    """True raises the severity to high."""

    @property
    def severity(self) -> WeaknessSeverity:
        """Severity of this finding."""
        return WeaknessSeverity.HIGH if self.is_worse else TEXTS[self.weakness].severity

    def text(self) -> str:
        """The message in English."""
        return TEXTS[self.weakness].message.format(**self.facts)

    def advice(self) -> str:
        """The remedy in English."""
        return TEXTS[self.weakness].remedy.format(**self.facts)


@dataclass(frozen=True, slots=True)
class SelfCheckReport:
    """The result of one self-check, the worst finding first."""

    at_ms: int
    findings: tuple[Finding, ...]
    compared: bool
    """True if installed packages were compared with advisories."""
