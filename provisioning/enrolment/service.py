"""Enrolment service: enrols boxes as agents, renews their certificates, and hands out software.

`HttpsServer` carries it. Here a request is read, the register decides, and one line of the log records the outcome.
Neither a code nor a key is in an answer or in the log.
"""

import asyncio
import hashlib
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.enrolment import ENROL, HELLO, RENEW, Enrolled, EnrolRequest, Hello, RenewRequest
from provisioning.contracts.fleet.rollout import SOFTWARE
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Message
from provisioning.enrolment.https_server import HttpsAnswer, HttpsRequest, problem
from provisioning.enrolment.throttle import Throttle
from provisioning.errors import AuthorityError, EnrolmentRefused, ProvisioningError
from provisioning.home import documents
from provisioning.home.agents import Certificate
from provisioning.home.home import Home
from provisioning.net.tls import server_context
from provisioning.pki.authority import public_bytes
from provisioning.pki.identities import ENROLMENT
from provisioning.rollout import software
from provisioning.signing.documents import SealError, encrypt_password
from provisioning.signing.x509_faults import MALFORMED

_log = logging.getLogger(__name__)
_M = TypeVar("_M", bound=Message)

_STATUS: Final = {
    "malformed": HTTPStatus.BAD_REQUEST,
    "not_found": HTTPStatus.NOT_FOUND,
    "slow": HTTPStatus.REQUEST_TIMEOUT,
    "code_used": HTTPStatus.CONFLICT,
    "code_expired": HTTPStatus.GONE,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "busy": HTTPStatus.TOO_MANY_REQUESTS,
}
"""Status by the code for programs; every other refusal is 403."""
_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which `ssl` has no name."""
_PIECE: Final = re.compile(rf"{SOFTWARE}([0-9a-f]{{64}})/([0-9]{{1,10}})")


@dataclass(slots=True)
class _Visit:
    """Facts of a request for the log: filled in as they become known."""

    remote: str
    key: str
    """Key for counting refusals: a network at first, a certificate once one was shown."""
    agent: str = "-"
    site: str = "-"


def tls_context(home: Home) -> ssl.SSLContext:
    """Makes a TLS 1.3 context. A client may show a certificate of the agents' authority, and no other.

    The register checks that it has not ended: here an ended one would break the handshake, and the box would never
    learn why.

    Raises:
        AuthorityError: certificate or key of the service cannot be used.
    """
    identity = home.identities.identity(ENROLMENT)
    try:
        context = server_context(identity.cert_file, identity.key_file, minimum=ssl.TLSVersion.TLSv1_3)
        context.load_verify_locations(home.identities.agents.ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise AuthorityError(
            f"{identity.cert_file}, {identity.key_file}: no usable certificate and key ({error}): restore them, or"
            " run: wayside-provision service replace enrolment"
        ) from error
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= _NO_CHECK_TIME
    context.num_tickets = 0  # one request a connection, twice a quarter: nothing to resume
    return context


class Enrolment:
    """Answers boxes. A fault of the home, such as a full disk, goes to `failed`, and the box is told to wait."""

    def __init__(
        self, home: Home, failed: Callable[[ProvisioningError], None], *, throttle: Throttle | None = None
    ) -> None:
        self._home = home
        self._failed = failed
        self._throttle = throttle or Throttle()

    async def answer(self, request: HttpsRequest) -> HttpsAnswer:
        """Answers a request of `contracts.fleet.enrolment`."""
        visit = _Visit(request.remote, _network(request.remote))
        try:
            if request.method == "GET" and (wanted := _PIECE.fullmatch(request.path)) is not None:
                return HttpsAnswer(HTTPStatus.OK, await self._piece(request, visit, *wanted.groups()), is_json=False)
            return HttpsAnswer(HTTPStatus.OK, codec.encode(await self._route(request)(request, visit)))
        except EnrolmentRefused as refusal:
            return self._refuse(visit, refusal)
        except OSError as error:  # of an archive; the rest of the home is as it was
            _log.error("software not handed out agent=%s cause=%r", visit.agent, str(error))
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "the archive cannot be read: try again later")
        except ProvisioningError as error:
            self._failed(error)
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "the service cannot do it now: try again later")

    def unwelcome(self, remote: str, cause: str) -> None:
        """Counts and logs a client that never got as far as a request."""
        key = _network(remote)
        if not self._throttle.is_paused(key):
            _log.warning("connection refused remote=%s cause=%r", remote, cause)
            self._count(key, remote)

    def _route(self, request: HttpsRequest) -> Callable[[HttpsRequest, _Visit], Awaitable[Message]]:
        match request.method, request.path:
            case "GET", path if path == HELLO:
                return self._hello
            case "POST", path if path == ENROL:
                return self._enrol
            case "POST", path if path == RENEW:
                return self._renew
        return self._nothing

    async def _nothing(self, _request: HttpsRequest, visit: _Visit) -> Message:
        self._let_in(visit)
        raise EnrolmentRefused("not_found", "there is no such thing here; this is the enrolment service of Wayside")

    async def _hello(self, _request: HttpsRequest, _visit: _Visit) -> Hello:
        return Hello(now_ms=self._home.now_ms(), seal_key=self._home.seal_key.seal.key)

    async def _enrol(self, request: HttpsRequest, visit: _Visit) -> Enrolled:
        self._let_in(visit)
        asked = _read(EnrolRequest, await request.body())
        visit.agent, visit.site = asked.agent_id, asked.site_id
        return await asyncio.to_thread(self._spend, asked, visit)

    async def _renew(self, request: HttpsRequest, visit: _Visit) -> Enrolled:
        serial = self._shown(request, visit, "renewal")
        asked = _read(RenewRequest, await request.body())
        return await asyncio.to_thread(self._prolong, serial, asked, visit)

    async def _piece(self, request: HttpsRequest, visit: _Visit, sha256: str, offset: str) -> bytes:
        serial = self._shown(request, visit, "software")
        return await asyncio.to_thread(self._hand_out, serial, sha256, int(offset), visit)

    def _shown(self, request: HttpsRequest, visit: _Visit, what: str) -> str:
        """Returns the serial of the client certificate, and notes its agent for the log."""
        if request.certificate is None:
            self._let_in(visit)
            raise EnrolmentRefused("unknown", f"{what} needs the agent's certificate, and none was shown")
        shown = x509.load_der_x509_certificate(request.certificate)
        visit.agent = str(shown.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
        visit.key = f"certificate {shown.serial_number}"  # a revoked box pauses itself, not its neighbours
        self._let_in(visit)
        return str(shown.serial_number)

    def _spend(self, asked: EnrolRequest, visit: _Visit) -> Enrolled:
        """Enrols a box, in a thread. After an interruption the box's next request completes it."""
        home, key = self._home, _key_of(asked.csr)
        _check_secrets_key(asked)
        certificate = home.register.enrol(
            asked.code,
            site_id=asked.site_id,
            agent_id=asked.agent_id,
            key_sha256=hashlib.sha256(public_bytes(key)).hexdigest(),
            secrets_key=asked.secrets_key,
            sign=lambda: home.sign(asked.agent_id, key),
        )
        if any(each.revoked_at_ms is not None for each in home.register.certificates(asked.agent_id)):
            home.publish_revocations()  # the box that was this agent before is cut off
        try:
            documents.bring_up_to_date(home)
        except SealError as error:
            _log.warning("configuration not made cause=%r", str(error))
        return self._enrolled("enrolled", certificate, visit)

    def _prolong(self, serial: str, asked: RenewRequest, visit: _Visit) -> Enrolled:
        home, key = self._home, _key_of(asked.csr)
        certificate = home.register.renew(serial, lambda: home.sign(visit.agent, key))
        return self._enrolled("renewed", certificate, visit)

    def _hand_out(self, serial: str, sha256: str, offset: int, visit: _Visit) -> bytes:
        """Returns a piece of an archive to an agent in good standing with an order for it, and to no other."""
        home = self._home
        home.register.require(serial)
        with home.rollouts.reading() as page:
            order = page.order(visit.agent)
        found = None
        if order is not None and order.sha256 == sha256:
            found = software.piece(home.directory, sha256, offset)
        if found is None:
            raise EnrolmentRefused("not_found", f"agent {visit.agent} is not to fetch this now")
        return found

    def _enrolled(self, event: str, certificate: Certificate, visit: _Visit) -> Enrolled:
        home = self._home
        visit.site = home.register.agent(certificate.agent_id).site_id
        _log.info(
            "%s agent=%s site=%s remote=%s serial=%s", event, visit.agent, visit.site, visit.remote, certificate.serial
        )
        return Enrolled(
            agent_id=certificate.agent_id,
            site_id=visit.site,
            certificate=certificate.pem,
            services_ca=home.services_ca(),
            broker_host=home.config.host,
            broker_port=home.config.agents_port,
            seal_key=home.seal_key.seal.key,
            now_ms=home.now_ms(),
        )

    def _let_in(self, visit: _Visit) -> None:
        if self._throttle.is_paused(visit.key):
            raise EnrolmentRefused("busy", "too many refused attempts from here: wait a minute, then try again")

    def _refuse(self, visit: _Visit, refusal: EnrolmentRefused) -> HttpsAnswer:
        if not self._throttle.is_paused(visit.key):
            _log.warning(
                "refused agent=%s site=%s remote=%s error=%s cause=%r",
                *(visit.agent, visit.site, visit.remote, refusal.error, str(refusal)),
            )
            self._count(visit.key, visit.remote)
        return problem(_STATUS.get(refusal.error, HTTPStatus.FORBIDDEN), refusal.error, str(refusal))

    def _count(self, key: str, remote: str) -> None:
        if self._throttle.refused(key):
            _log.warning("paused remote=%s: too many refusals, for a minute none of its requests is looked at", remote)


def _read(model: type[_M], body: bytes) -> _M:
    try:
        return codec.decode(model, body)
    except ContractError as error:
        raise EnrolmentRefused("malformed", str(error)) from error


def _key_of(csr: str) -> ec.EllipticCurvePublicKey:
    """Returns the key that a request proves to have.

    Raises:
        EnrolmentRefused: not a PKCS #10 request for a P-256 key, or not signed with it.
    """
    try:
        request = x509.load_pem_x509_csr(csr.encode())
        key = request.public_key()
        # The curve first: to verify with a giant RSA key would take long.
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            if request.is_signature_valid:
                return key
            raise EnrolmentRefused("malformed", "csr: not signed with its own key")
    except MALFORMED as error:
        raise EnrolmentRefused("malformed", "csr: not a PKCS #10 request in PEM") from error
    raise EnrolmentRefused("malformed", "csr: the key must be on the curve P-256")


def _check_secrets_key(asked: EnrolRequest) -> None:
    """Refuses values that are no key (RFC 7748 §6.1), which would only be found out with the first password."""
    try:
        encrypt_password("", asked.secrets_key, agent_id=asked.agent_id, camera_id="-")
    except SealError as error:
        raise EnrolmentRefused("malformed", "secrets_key: nothing can be encrypted to this key") from error


def _network(remote: str) -> str:
    """Returns the key for counting refusals: an address, or the /64 that one subscriber has of IPv6."""
    try:
        address = ip_address(remote)
    except ValueError:
        return remote
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else remote
