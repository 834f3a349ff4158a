"""An identity provider as far as a centre sees it, with every way to answer wrongly."""

import base64
import functools
import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from fastapi import FastAPI, Form
from fastapi.responses import JSONResponse, Response

ISSUER = "https://id.county"
CLIENT = "wayside"
SECRET = "a secret of the client"
KID = "2026"


@functools.cache
def rsa_key(_number: int = 0) -> RSAPrivateKey:
    """Makes one of 2,048 bits, each number once a process: a sixth of a second of processor time."""
    return generate_private_key(65537, 2048)


class Provider:
    """`id.county`."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.key = rsa_key()
        self.now_ms = now_ms
        self.subject = "4711"
        self.username = "ana"
        self.more: dict[str, Any] = {}
        """Claims that replace the true ones; None takes one away."""
        self.sign: Callable[[dict[str, Any]], str] = self._sign
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.keys: list[dict[str, Any]] = [public(self.key) | {"kid": KID, "use": "sig", "alg": "RS256"}]
        self.answer: Callable[[], Response] | None = None
        """Answers everything, to play a fault."""
        self._codes: dict[str, dict[str, str]] = {}
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration", response_model=None)(self._metadata)
        self.app.post("/token", response_model=None)(self._token)
        self.app.get("/keys", response_model=None)(self._keys)

    def authorize(self, address: str) -> dict[str, str]:
        """What a person's log-in there brings back to the centre."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return {"state": asked["state"], "code": code}

    def _metadata(self) -> Response | dict[str, Any]:
        return self.answer() if self.answer is not None else self.metadata

    def _keys(self) -> dict[str, Any]:
        return {"keys": self.keys}

    def _token(
        self,
        code: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        client_id: Annotated[str, Form()],
        client_secret: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
    ) -> Response | dict[str, str]:
        asked = self._codes.pop(code, None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or (client_id, client_secret, redirect_uri) != (CLIENT, SECRET, asked["redirect_uri"])
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now_s = self.now_ms() // 1000
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": CLIENT,
            "sub": self.subject,
            "iat": now_s,
            "exp": now_s + 300,
            "nonce": asked["nonce"],
            "preferred_username": self.username,
        }
        claims |= self.more
        return {"id_token": self.sign({name: value for name, value in claims.items() if value is not None})}

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": KID})


def public(key: RSAPrivateKey) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return made


def unsigned(claims: dict[str, Any]) -> str:
    """`alg: none`, by hand: no library makes one any more."""
    parts = ({"alg": "none", "typ": "JWT", "kid": KID}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."
