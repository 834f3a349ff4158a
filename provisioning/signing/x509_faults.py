"""Names the exceptions of `cryptography` over a stranger's certificate, request, revocation list or key."""

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

MALFORMED: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""Some of these are no ValueError. A signature that is wrong is `InvalidSignature`, and not among them."""
