"""Names the account of a request to `query`, so that the requests of one do not hold up those of the others.

It stands beside the bearer token, which alone admits a request; the centre sends it. It is opaque: `query` learns that
two requests come from one account, and not from which, and the names change with each start of the centre. A request
without it comes from the centre itself, such as from its alarm rules.
"""

from typing import Final

ACCOUNT_HEADER: Final = "wayside-account"
ACCOUNT_PATTERN: Final = r"^(?:[0-9a-f]{32})?$"
