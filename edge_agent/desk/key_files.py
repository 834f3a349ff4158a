"""Reads the desk's certificate and token, for the server and for the client."""

import secrets
import ssl
from pathlib import Path

from edge_agent.desk.errors import DeskError
from edge_agent.host_port import host_port
from provisioning.contracts.config import processes
from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.errors import ConfigError
from provisioning.files import durable
from provisioning.net import tls


def check_key_files(settings: processes.Desk) -> str:
    """Returns the result of `wayside-edge check` for the desk's files; the token is made where there is none.

    Raises:
        DeskError: see `server_context`.
        ConfigError: see `token`.
    """
    server_context(settings.tls_cert_file, settings.tls_key_file)
    token(settings.token_file)
    return f"certificate and token are there, for {host_port(settings.host, settings.port)}"


def server_context(cert_file: Path, key_file: Path) -> ssl.SSLContext:
    """Returns the TLS context that serves this certificate.

    Raises:
        DeskError: `certificate`: a file is missing, others may read the key, or the two do not belong together.
    """
    try:
        if key_file.stat().st_mode & 0o077:
            raise DeskError(
                "certificate", f"[desk] {key_file}: others may read this private key; run: chmod 600 {key_file}"
            )
        return tls.server_context(cert_file, key_file)
    except OSError as error:  # ssl.SSLError is one
        what = getattr(error, "reason", None) or error.strerror or type(error).__name__
        raise DeskError(
            "certificate", f"[desk] {cert_file}, {key_file}: no usable certificate and key ({what}): see docs/desk.md"
        ) from None


def client_context(ca_file: Path, *, is_its_own: bool) -> ssl.SSLContext:
    """Returns a TLS context that trusts `ca_file`.

    `is_its_own`: the file is the desk's certificate, and only that will do.

    Raises:
        DeskError: `certificate`: the file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The desk's certificate need not be an authority's own: what is in the file is trusted as it stands.
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    try:
        text = ca_file.read_text(encoding="ascii")
        if is_its_own:
            text = ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(_first(text)))
            context.check_hostname = False  # it is this very certificate, under whatever name
        context.load_verify_locations(cadata=text)
    except (OSError, ValueError) as error:
        raise DeskError("certificate", f"{ca_file}: no certificate that can be used ({type(error).__name__})") from None
    return context


def token(path: Path) -> str:
    """Reads the token; made, 256 bits in a file of mode 0600, where there is none yet.

    Raises:
        ConfigError: it cannot be written, or `read_secret` refuses it.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            durable.write(path, secrets.token_hex(32).encode())
    except OSError as error:
        raise ConfigError(f"{path}: the token cannot be written ({error.strerror}): check its folder") from error
    return read_secret(path)


def _first(text: str) -> str:
    end = "-----END CERTIFICATE-----"
    return text[: text.index(end) + len(end)].strip()
