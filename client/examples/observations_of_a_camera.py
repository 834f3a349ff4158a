"""Prints the observations of one camera in one hour: `observations_of_a_camera.py CAMERA_ID FROM_MS`.

WAYSIDE_URL is the centre's address, WAYSIDE_TOKEN_FILE holds a token with the scope observation.search.
"""

import os
import sys
from pathlib import Path

from wayside_client import Center, paged
from wayside_client.api.observations import list_observations

HOUR_MS = 3_600_000


def main(camera_id: str, from_ms: int) -> None:
    token = Path(os.environ["WAYSIDE_TOKEN_FILE"]).read_text(encoding="ascii").strip()
    with Center(os.environ["WAYSIDE_URL"], token=token) as center:
        for seen in paged(
            list_observations.sync,
            center,
            camera_id=[camera_id],
            from_ms=from_ms,
            to_ms=from_ms + HOUR_MS,
            purpose="an example",
        ):
            print(seen.captured_at_ms, seen.row_key, *(machine.cls for machine in seen.machines))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
