"""Both authorities of a home without the home: certificates for boxes and services, and what the broker is told."""

import functools
import getpass
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from provisioning.broker.config import ListenAddress, Listeners
from provisioning.files import durable
from provisioning.pki.authority import CLIENT, Authority, Revocation, new_key, private_pem, public_pem
from provisioning.pki.identities import AGENT_LIFETIME, BROKER, CRL_LIFETIME, Identities, Identity

HOST = "127.0.0.1"


class Pki:
    """`Identities` with the broker's certificate, for 127.0.0.1; issues and revokes at a word."""

    def __init__(self, directory: Path, *, now: datetime | None = None, keeps: bool = False) -> None:
        """Makes it; with `keeps`, opens what is there."""
        self.directory = directory
        if not keeps:
            Identities.create(directory, now=now).issue(BROKER, now=now)
        self.identities = Identities.open(directory)
        self._serials: dict[str, list[int]] = {}
        self._revoked: list[Revocation] = []
        self._number = 1  # of the list that `Authority.create` wrote

    def issue(self, name: str) -> Identity:
        """A service's: `cluster`, `center`, `provisioning`, `broker`, `enrolment`."""
        return self.identities.issue(name)

    def issue_agent(
        self, agent_id: str, *, lifetime: timedelta = AGENT_LIFETIME, now: datetime | None = None
    ) -> Identity:
        """Key and certificate in files of their own, as an enrolled box has them; each call is another box."""
        key = new_key()
        return self._keep(
            agent_id,
            private_pem(key),
            self.identities.sign_agent(agent_id, key.public_key(), lifetime=lifetime, now=now),
        )

    def forge(self, common_name: str, authority: Authority) -> Identity:
        """What no product code would sign: any name, by any authority."""
        key = new_key()
        made = authority.sign(key.public_key(), common_name, CLIENT, lifetime=AGENT_LIFETIME)
        return self._keep(common_name, private_pem(key), made)

    def revoke(self, agent_id: str) -> None:
        """Every certificate that this agent was issued so far, in a new list of the agents' authority."""
        at = datetime.now().astimezone()
        self._revoked += [Revocation(serial, at) for serial in self._serials.pop(agent_id)]
        self.renew_list()

    def renew_list(self, *, lifetime: timedelta = CRL_LIFETIME, now: datetime | None = None) -> Path:
        """The agents' revocation list again, under the next number."""
        self._number += 1
        return self.identities.agents.publish_revocations(
            self._revoked, number=self._number, lifetime=lifetime, now=now
        )

    def listeners(self, agents_port: int, services_port: int) -> Listeners:
        """Both on loopback, run by whoever runs the test."""
        return Listeners(ListenAddress(HOST, agents_port), ListenAddress(HOST, services_port), getpass.getuser())

    def _keep(self, name: str, key_pem: bytes, certificate: x509.Certificate) -> Identity:
        serials = self._serials.setdefault(name, [])
        box = self.directory / "boxes" / f"{name}-{len(serials)}"
        box.mkdir(mode=0o700, parents=True)
        serials.append(certificate.serial_number)
        return Identity(
            name,
            self.identities.services.ca_file,
            durable.write(box / "agent.crt", public_pem(certificate), mode=durable.PUBLIC),
            durable.write(box / "agent.key", key_pem),
        )


def fresh_pki(directory: Path, *, now: datetime) -> Pki:
    """Writes the files that were made once a process for this moment: keys of other tests, and nothing else of them.

    Where hundreds of tests have one, and few use it: to make it is 8 ms of processor time and waits for 14 writes.
    """
    for name, (mode, content) in _made(now).items():
        path = directory / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
    return Pki(directory, keeps=True)


@functools.cache
def _made(now: datetime) -> dict[Path, tuple[int, bytes]]:
    with tempfile.TemporaryDirectory(prefix="wayside-pki-") as folder:
        made = Pki(Path(folder) / "pki", now=now)
        files = [path for path in made.directory.rglob("*") if path.is_file()]
        return {path.relative_to(made.directory): (path.stat().st_mode, path.read_bytes()) for path in files}
