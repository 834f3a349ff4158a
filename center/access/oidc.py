"""Log-in by an identity provider: OpenID Connect, authorization code with PKCE (RFC 7636).

A provider opens only accounts that were made for it and so have no password here. The first log-in binds an account to
the provider's subject; another subject of the same name is refused from then on. Roles are given by this centre alone:
no claim gives one.
"""

import asyncio
import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import httpx
import jwt
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, mapped_column

from center.access.errors import ProviderRefusedError, ProviderUnreachableError
from center.clock import NowMs
from center.database.store import Base, Store
from provisioning.contracts.config.processes import LOOPBACK, OidcProvider

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Signature algorithms that only the provider can use: neither `none` nor one with a secret that both sides know."""
WAIT_MS: Final = 600_000
"""Milliseconds that a log-in may take at the provider."""
LEEWAY_S: Final = 60
TIMEOUT_S: Final = 10.0
MAX_ANSWER_BYTES: Final = 256 * 1024
_T = TypeVar("_T", bound=BaseModel)
_REQUIRED: Final = ("iss", "aud", "sub", "exp", "iat", "nonce")


class PendingLogin(Base):
    """A log-in under way at the provider, usable once."""

    __tablename__ = "oidc_logins"

    state_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(64))
    expires_at_ms: Mapped[int] = mapped_column(BigInteger, index=True)


class Subject(Base):
    """The provider's subject that an account belongs to since its first log-in."""

    __tablename__ = "oidc_subjects"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))


@dataclass(frozen=True, slots=True)
class LoginRedirect:
    """The address to send the browser to, and the values that it must bring back."""

    address: str
    state: str


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """The identity that the provider vouches for."""

    issuer: str
    subject: str
    username: str


class _Metadata(BaseModel):
    """The fields read from `/.well-known/openid-configuration`."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(BaseModel):
    """The fields read from the token endpoint's answer."""

    id_token: str = Field(max_length=16_384)


class Oidc:
    """Logs in at one identity provider.

    Raises (all methods):
        ProviderUnreachableError: it does not answer, or not as OpenID Connect asks.
        StoreUnavailableError: the database does not work.
    """

    def __init__(
        self,
        store: Store,
        provider: OidcProvider,
        client_secret: str,
        now_ms: NowMs,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._store = store
        self._provider = provider
        self._client_secret = client_secret
        self._now_ms = now_ms
        self._transport = transport

    @property
    def name(self) -> str:
        """The provider's name as users know it."""
        return self._provider.name

    async def begin(self) -> LoginRedirect:
        """Starts a log-in and remembers its state, nonce and PKCE verifier."""
        metadata = await self._metadata()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        await asyncio.to_thread(self._remember, state, nonce, verifier)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._provider.client_id,
                "redirect_uri": self._provider.redirect_url,
                "scope": "openid profile",
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        separator = "&" if "?" in metadata.authorization_endpoint else "?"
        return LoginRedirect(f"{metadata.authorization_endpoint}{separator}{query}", state)

    async def probe(self) -> None:
        """Reads the provider's discovery document and its keys, which every log-in needs."""
        metadata = await self._metadata()
        await self._ask(_KeySet, "GET", metadata.jwks_uri)

    async def finish(self, *, state: str, cookie: str | None, code: str) -> ProviderIdentity:
        """Ends a log-in and returns the provider's claims. `cookie` is the state that this very browser was given.

        Raises:
            ProviderRefusedError: another browser's, a replayed or an old log-in, or a token that proves nothing.
        """
        if not cookie or not secrets.compare_digest(state.encode(), cookie.encode()):
            raise ProviderRefusedError(cause="this browser did not begin this log-in")
        nonce, verifier = await asyncio.to_thread(self._take, state)
        metadata = await self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._provider.redirect_url,
            "client_id": self._provider.client_id,
            "code_verifier": verifier,
        }
        if self._client_secret:
            form["client_secret"] = self._client_secret
        tokens = await self._ask(_Tokens, "POST", metadata.token_endpoint, form)
        keys = await self._ask(_KeySet, "GET", metadata.jwks_uri)
        return self._claimed(tokens.id_token, keys, nonce)

    def _remember(self, state: str, nonce: str, verifier: str) -> None:
        now_ms = self._now_ms()
        pending = PendingLogin(
            state_sha256=_digest(state), nonce=nonce, verifier=verifier, expires_at_ms=now_ms + WAIT_MS
        )
        with self._store.transaction() as session:
            session.execute(delete(PendingLogin).where(PendingLogin.expires_at_ms <= now_ms))
            session.add(pending)

    def _take(self, state: str) -> tuple[str, str]:
        """Returns nonce and verifier of a log-in under way and deletes it: an answer of the provider is good once."""
        with self._store.transaction() as session:
            row = session.execute(
                delete(PendingLogin)
                .where(PendingLogin.state_sha256 == _digest(state), PendingLogin.expires_at_ms > self._now_ms())
                .returning(PendingLogin.nonce, PendingLogin.verifier)
            ).one_or_none()
        if row is None:
            raise ProviderRefusedError(cause="this log-in is over or took too long")
        return row.nonce, row.verifier

    def _claimed(self, id_token: str, keys: "_KeySet", nonce: str) -> ProviderIdentity:
        try:
            head = jwt.get_unverified_header(id_token)
            if head.get("alg") not in ALGORITHMS:
                raise ProviderRefusedError(cause="the token is not signed as a provider signs")
            key = _key(keys, head)
            claims = jwt.decode(
                id_token,
                key,
                algorithms=[head["alg"]],
                audience=self._provider.client_id,
                issuer=self._provider.issuer,
                # Times are checked below, by the centre's own clock.
                options={"require": list(_REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise ProviderRefusedError(cause=f"its token proves nothing ({type(error).__name__})") from error
        self._check(claims, nonce)
        username = claims.get(self._provider.username_claim)
        if not isinstance(username, str) or not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise ProviderRefusedError(cause=f"its token has no claim {self._provider.username_claim}")
        return ProviderIdentity(self._provider.issuer, claims["sub"], username)

    def _check(self, claims: dict[str, Any], nonce: str) -> None:
        now_s = self._now_ms() / 1000
        times = claims["exp"], claims["iat"], claims.get("nbf", claims["iat"])
        if not all(isinstance(time, int | float) for time in times):
            raise ProviderRefusedError(cause="its token has times that are none")
        expires, issued, begins = times
        if now_s > expires + LEEWAY_S or now_s < max(issued, begins) - LEEWAY_S:
            raise ProviderRefusedError(cause="its token has expired, or is of the future: compare both clocks")
        stated = claims["nonce"]
        if not isinstance(stated, str) or not secrets.compare_digest(stated.encode(), nonce.encode()):
            raise ProviderRefusedError(cause="its token belongs to another log-in")
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._provider.client_id:
            raise ProviderRefusedError(cause="its token was made for somebody else")

    async def _metadata(self) -> _Metadata:
        address = f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        metadata = await self._ask(_Metadata, "GET", address)
        if metadata.issuer != self._provider.issuer:
            raise ProviderUnreachableError(issuer=self._provider.issuer, cause="it calls itself something else")
        for endpoint in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
            parts = urlsplit(endpoint)
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
                raise ProviderUnreachableError(issuer=self._provider.issuer, cause="it has an address without TLS")
        return metadata

    async def _ask(self, model: type[_T], method: str, address: str, form: dict[str, str] | None = None) -> _T:
        body = bytearray()
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=TIMEOUT_S, trust_env=False) as client,
                client.stream(method, address, data=form) as answer,
            ):
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ProviderUnreachableError(issuer=self._provider.issuer, cause="its answer is too long")
                if answer.status_code == 400 and form is not None:
                    raise ProviderRefusedError(cause="the provider does not take back its code")
                if answer.status_code != 200:
                    raise ProviderUnreachableError(
                        issuer=self._provider.issuer, cause=f"it answers HTTP {answer.status_code}"
                    )
            return model.model_validate_json(bytes(body))
        except httpx.HTTPError as error:
            raise ProviderUnreachableError(issuer=self._provider.issuer, cause=type(error).__name__) from error
        except ValidationError as error:
            cause = f"its answer has {error.error_count()} faults"
            raise ProviderUnreachableError(issuer=self._provider.issuer, cause=cause) from error


class _KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]] = Field(max_length=100)


def _key(keys: _KeySet, head: dict[str, Any]) -> Any:
    """Finds the signature key that a token names; without a name, the only one.

    Raises:
        ProviderRefusedError: the set has none, or several and the token names none.
        jwt.PyJWKSetError: no key of the set can be used.
    """
    signing = [key for key in jwt.PyJWKSet(keys.keys) if key.key_type != "oct" and key.public_key_use in {None, "sig"}]
    for key in signing:
        if key.key_id == head["kid"] if head.get("kid") else len(signing) == 1:
            return key.key
    raise ProviderRefusedError(cause="its token is signed by a key that it does not publish")


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
