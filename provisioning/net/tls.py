"""States the TLS of every HTTPS listener that is ours (docs/tls.md)."""

import ssl
from pathlib import Path
from typing import Final

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Suites of TLS 1.2; all of TLS 1.3 have an ephemeral key and authenticated encryption. Left to itself Python also
offers AES in CBC mode."""


def server_context(
    cert_file: Path, key_file: Path | None, *, minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
) -> ssl.SSLContext:
    """Makes a context that serves this certificate with its chain.

    Raises:
        OSError: a file cannot be read, or key and certificate do not belong together (`ssl.SSLError`).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = minimum
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.load_cert_chain(cert_file, key_file)
    return context
