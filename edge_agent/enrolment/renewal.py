"""Renews the certificate with the present one when a third of its life is left, in a thread of its own.

A failure changes nothing: the present certificate goes on, and there is a month to find the cause.
"""

import logging
import threading
from typing import Final

from edge_agent.clock import Backoff, Clock
from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.enrolment.client import EnrolmentClient
from edge_agent.enrolment.identity import Identity, Papers, new_key, request, utc
from edge_agent.errors import EnrolmentError
from provisioning.contracts.config.processes import EdgeConfig, Provisioning
from provisioning.contracts.fleet.enrolment import RenewRequest
from provisioning.signing.documents import Seal, SealError

_log = logging.getLogger(__name__)

_ATTEMPT_S: Final = 3600.0
_PATIENT: Final = frozenset({"expired", "revoked", "unknown"})
"""Causes that only a person can end; retrying every minute would not help."""
_URGENT_MS: Final = 3 * 24 * 3600 * 1000


class Renewer:
    """Renews at its start and about every hour if it is time. One per agent."""

    def __init__(self, edge: EdgeConfig, clock: Clock) -> None:
        """Read and send nothing yet.

        Raises:
            EnrolmentError: this agent was not enrolled, so that no service renews its certificate.
        """
        if edge.provisioning is None:
            raise EnrolmentError("without [provisioning] nobody renews this agent's certificate: enrol it")
        self._edge = edge
        self._provisioning: Provisioning = edge.provisioning
        self._clock = clock
        self._retry = Backoff(60.0, _ATTEMPT_S)
        self._spread = Backoff(_ATTEMPT_S, _ATTEMPT_S)
        self._logged: set[tuple[int, str]] = set()

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set."""
        while not stop.is_set():
            self._clock.wait(stop, self._renew_if_due())

    def renew_once(self) -> bool:
        """Renew if it is time to. Returns true if there is a new certificate.

        Raises:
            EnrolmentError: it was time, and it could not be done. The present certificate is as it was.
        """
        file = self._edge.broker.cert_file
        present = Identity.load(file, self._edge.broker.key_file)
        now_ms = self._clock.now_ms()
        if now_ms < present.renew_after_ms:
            return False
        present.require(self._edge.agent_id, now_ms)
        if file != self._edge.broker.key_file:
            raise EnrolmentError(
                f"{file}: holds no private key, so both could not be replaced at once: enrol this agent, or give it a"
                " new certificate by hand"
            )
        folder = AgentFolder(file.parent)
        with folder.locked():
            key = new_key()
            try:
                seal_key = Seal.load(self._provisioning.seal_key_file).key
            except SealError as error:
                raise EnrolmentError(str(error)) from error
            client = EnrolmentClient.verified(
                self._provisioning.host,
                self._provisioning.port,
                self._edge.broker.ca_file,
                self._clock,
                identity_file=file,
            )
            answer = client.renew(RenewRequest(csr=request(key)))
            papers = Papers.check(
                answer, key, agent_id=self._edge.agent_id, seal_key=seal_key, now_ms=self._clock.now_ms()
            )
            folder.put(file, papers.pem)
        _log.info("certificate renewed agent=%s until=%s", self._edge.agent_id, utc(papers.identity.ends_ms))
        return True

    def _renew_if_due(self) -> float:
        """Renew if it is time; returns seconds until the next attempt."""
        try:
            self.renew_once()
        except EnrolmentError as error:
            self._log_failure(error)
            return self._soon_s() if error.cause in _PATIENT else self._retry.next_wait_s()
        self._logged.clear()
        self._retry.reset()
        return self._soon_s()

    def _soon_s(self) -> float:
        """Draw a wait of an hour on average, so that boxes switched on together do not ask together."""
        return _ATTEMPT_S / 2 + self._spread.next_wait_s()

    def _log_failure(self, error: EnrolmentError) -> None:
        level = logging.ERROR if self._is_urgent() else logging.WARNING
        if (level, error.cause) not in self._logged:
            self._logged.add((level, error.cause))
            _log.log(level, "certificate not renewed agent=%s: %s", self._edge.agent_id, error)

    def _is_urgent(self) -> bool:
        try:
            present = Identity.load(self._edge.broker.cert_file, self._edge.broker.key_file)
        except EnrolmentError:
            return True  # there is none to go on with
        return present.ends_ms - self._clock.now_ms() < _URGENT_MS
