"""Reads which agent a box is to become, and for which authority: from a bundle, or from a technician's typing."""

import re
from typing import BinaryIO, Final, Self

from pydantic import ValidationError

from edge_agent.errors import EnrolmentError
from provisioning.contracts.config.processes import Port, Provisioning
from provisioning.contracts.fleet.documents import Key32
from provisioning.contracts.fleet.enrolment import Bundle, Host
from provisioning.contracts.ids import AgentId, Sha256, SiteId
from provisioning.contracts.wire.messages import Message
from provisioning.signing.documents import SealError, open_bundle

BUNDLE_START: Final = "WAYSIDE1."
_MAX_FILE: Final = 64 * 1024
"""A bundle's line is some 1,000 bytes; there may be white space around it."""
_PORT: Final = Provisioning.model_fields["port"].default
_SERVER: Final = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<name>[^:]*))(?::(?P<port>[0-9]{1,5}))?")
_OPTIONS: Final = {"host": "--server", "port": "--server", "pin": "--pin", "site_id": "--site", "agent_id": "--agent"}
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16,64}")


class EnrolmentOrder(Message):
    """Holds all of a bundle but its code. Typed by hand, the seal's key is unknown until the service has named it."""

    host: Host
    port: Port
    pin: Sha256
    site_id: SiteId
    agent_id: AgentId
    seal_key: Key32 | None = None

    @classmethod
    def of(cls, bundle: Bundle) -> Self:
        return cls.model_validate(bundle.model_dump(include=set(cls.model_fields)))

    @classmethod
    def typed(cls, *, server: str, pin: str, site: str, agent: str) -> Self:
        """Build the order from the command's options.

        Raises:
            EnrolmentError: an option is malformed; the message names it.
        """
        parts = _SERVER.fullmatch(server.strip())
        if parts is None:
            raise EnrolmentError("--server: looks like host:8843 or [2001:db8::1]:8843")
        fields = {
            "host": parts["v6"] or parts["name"],
            "port": parts["port"] or _PORT,
            "pin": _plain_hex(pin),
            "site_id": site.strip(),
            "agent_id": agent.strip(),
        }
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            wrong = dict.fromkeys(_OPTIONS[str(fault["loc"][0])] for fault in error.errors(include_input=False))
            raise EnrolmentError(
                f"{', '.join(wrong)}: not what `wayside-provision bundle` prints; compare letter by letter"
            ) from error


def read_bundle(file: BinaryIO) -> Bundle:
    """Read a bundle's one line.

    Raises:
        EnrolmentError: there is none, or it was changed.
    """
    try:
        data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise EnrolmentError(f"the bundle cannot be read ({error.strerror})") from error
    if len(data) > _MAX_FILE:
        raise EnrolmentError("this is too large to be a bundle, which is one line of text: is it the right file?")
    text = "".join(data.decode("utf-8-sig", "replace").split())  # mail programs wrap lines, some editors add a mark
    if not text:
        raise EnrolmentError("the bundle is empty: copy the whole line")
    try:
        return open_bundle(text)
    except SealError as error:
        raise EnrolmentError(str(error)) from error


def check_fingerprint(seal_key: str, expected: str) -> None:
    """Compare with the first digits that `wayside-provision bundle` printed.

    Raises:
        EnrolmentError: they differ, or are too few to tell.
    """
    digits = _plain_hex(expected)
    if not _FINGERPRINT.fullmatch(digits):
        raise EnrolmentError("--expect: give at least the first 16 hex digits that `wayside-provision bundle` printed")
    if not seal_key.startswith(digits):
        raise EnrolmentError(
            f"the seal's key is {seal_key[:16]}… and not {digits[:16]}…, as was expected: this comes from somebody"
            " else; do not use it, and tell who gave it to you"
        )


def _plain_hex(typed: str) -> str:
    return re.sub(r"[\s:-]", "", typed).lower()
