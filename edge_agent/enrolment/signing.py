"""Signs snapshots of a desk and surveys with the agent's key, the same as for the broker."""

from pathlib import Path

from cryptography import x509

from edge_agent.enrolment.identity import Identity, load_key
from edge_agent.errors import EnrolmentError
from provisioning.contracts.config import processes
from provisioning.contracts.query import statement
from provisioning.contracts.wire.messages import Signature, Snapshot
from provisioning.signing.statements import attest
from provisioning.signing.x509_faults import MALFORMED


class Signer:
    """Reads certificate and key each time, for they are renewed while the agent runs."""

    def __init__(self, broker: processes.Broker) -> None:
        self._cert_file: Path = broker.cert_file
        self._key_file: Path = broker.key_file

    def __call__(self, snapshot: Snapshot) -> Snapshot:
        """Return the envelope with the signature in it.

        Raises:
            EnrolmentError: see `sign`.
        """
        signature = self.sign(statement.of_snapshot(snapshot), snapshot.agent_id)
        return snapshot.model_copy(update={"signature": signature})

    def sign(self, stated: bytes, agent_id: str) -> Signature:
        """Sign a statement (`provisioning.contracts.query.statement`) as this agent.

        Raises:
            EnrolmentError: certificate or key cannot be used, or are another agent's.
        """
        key = load_key(self._key_file)
        try:
            certificate = x509.load_pem_x509_certificate(self._cert_file.read_bytes())
        except OSError as error:
            raise EnrolmentError(f"{self._cert_file}: cannot be read ({error.strerror})") from error
        except MALFORMED as error:
            raise EnrolmentError(f"{self._cert_file}: holds no certificate that can be read: enrol again") from error
        identity = Identity.of(certificate, key, str(self._cert_file))
        if identity.agent_id != agent_id:
            raise EnrolmentError(f"{self._cert_file}: is of {identity.agent_id} and not of {agent_id}")
        return attest(stated, certificate, key)
