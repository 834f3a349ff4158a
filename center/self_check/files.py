"""Finds certificates that end soon, and secret files that others may read or whose secret is a default."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from pydantic import BaseModel

from center.self_check.findings import Finding, Weakness
from provisioning.contracts.config.processes import CenterConfig

_CERTIFICATE: Final = re.compile(r"(cert|ca)_file$")
_TYPED: Final = re.compile(r"(secret|token|password)_file$")
"""Settings of secrets that a person may have chosen."""
_SECRET: Final = re.compile(r"(key|secret|token|password)_file$")
_PUBLIC: Final = frozenset({"seal_key_file"})
_SOON: Final = timedelta(days=7)
# fmt: off
_DEFAULTS: Final = frozenset({
    "00000000", "000000", "111111", "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "666666",
    "888888", "88888888", "abc123", "abcd1234", "admin", "admin123", "admin12345", "administrator", "change-me",
    "changeit", "changeme", "default", "example", "guest", "letmein", "minioadmin", "mosquitto", "pass", "password",
    "password1", "passw0rd", "postgres", "qwerty", "ray", "root", "secret", "system", "test", "token", "user",
    "wayside", "welcome",
})
# fmt: on


def settings_of_files(config: CenterConfig) -> Iterator[tuple[str, Path]]:
    """Lists every file of a configuration with its setting: `broker.key_file`, `notify.webhooks.0.key_file`."""
    yield from _files("", config)


def check_certificates(config: CenterConfig, now: datetime, *, days: int) -> Iterator[Finding]:
    """Judges the certificates, the first end of a file with several."""
    for setting, path in settings_of_files(config):
        if not _CERTIFICATE.search(setting):
            continue
        try:
            ends_at = min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(path.read_bytes()))
        except OSError as error:
            yield _unreadable(setting, path, error.strerror or "")
        except ValueError:
            yield _unreadable(setting, path, "no certificate in PEM")
        else:
            left = ends_at - now
            if left < timedelta(days=days):
                facts = {"days": left // timedelta(days=1), "file": path}
                yield Finding(Weakness.CERTIFICATE_ENDS, setting, facts, is_worse=left < _SOON)


def check_secrets(config: CenterConfig) -> Iterator[Finding]:
    """Judges mode and, where a person may have chosen it, content of every secret file."""
    for setting, path in settings_of_files(config):
        if not _SECRET.search(setting) or setting in _PUBLIC:
            continue
        try:
            mode = path.stat().st_mode & 0o777
            typed = path.read_bytes().strip().lower() if _TYPED.search(setting) else b""
        except OSError as error:
            yield _unreadable(setting, path, error.strerror or "")
            continue
        if mode & 0o077:
            yield Finding(Weakness.SECRET_READABLE, setting, {"file": path, "mode": f"{mode:04o}"})
        if typed.decode(errors="replace") in _DEFAULTS:
            yield Finding(Weakness.DEFAULT_SECRET, setting, {"file": path})


def _unreadable(setting: str, path: Path, cause: str) -> Finding:
    return Finding(Weakness.FILE_UNREADABLE, setting, {"file": path, "cause": cause})


def _files(prefix: str, value: object) -> Iterator[tuple[str, Path]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _files(f"{prefix}.{name}" if prefix else name, getattr(value, name))
    elif isinstance(value, tuple):
        for place, each in enumerate(value):
            yield from _files(f"{prefix}.{place}", each)
    elif isinstance(value, Path) and prefix.endswith("_file"):
        yield prefix, value
