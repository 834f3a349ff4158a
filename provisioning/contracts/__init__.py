"""What the processes of Wayside say to one another: pydantic models and the standard library, nothing else.

Provisioning is the first to write every identity, topic, access rule and configuration that another process reads;
that is why the shared types live here (decision record 1).

History of `CONTRACT_VERSION`. One integer travels in every message; a reader accepts exactly the versions in
`SUPPORTED_VERSIONS` and answers anything else with a *rejected* message.

- 1 (2026-11-24): first version. Snapshot envelope, archived, rejected, observed, heartbeat, camera status,
  configuration of edge, cluster and centre, archive rows.
"""

from typing import Final

CONTRACT_VERSION: Final = 1
SUPPORTED_VERSIONS: Final = frozenset({1})
