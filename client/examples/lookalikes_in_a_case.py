"""Searches for machines like the sought one of an approved case: `lookalikes_in_a_case.py CASE FOLDER`.

Prints the candidates, best first, and puts each one's picture into the folder. The case and the sought machine are made
and approved in the console; the archive answers no look-alike search without them.

WAYSIDE_URL is the centre's address, WAYSIDE_TOKEN_FILE holds a token with the scopes observation.search and
observation.view.
"""

import os
import sys
from pathlib import Path

from wayside_client import Center, ConflictError
from wayside_client.api.cases import get_case_crop, search_case
from wayside_client.models import SearchFilters


def main(case_id: str, folder: Path) -> None:
    token = Path(os.environ["WAYSIDE_TOKEN_FILE"]).read_text(encoding="ascii").strip()
    with Center(os.environ["WAYSIDE_URL"], token=token) as center:
        try:
            found = search_case.sync(center, case_id, body=SearchFilters(limit=20))
        except ConflictError as refused:  # case_not_approved, nothing_sought
            sys.exit(f"{refused.text} {refused.remedy}")
        for place, candidate in enumerate(found.items, start=1):
            machine = candidate.machine
            jpeg = get_case_crop.sync(center, case_id, machine.row_key, machine.index)
            (folder / f"{place:02}.jpg").write_bytes(jpeg)
            likeness = "" if candidate.score is None else f"{candidate.score.total:.2f}"
            print(place, likeness, f"{machine.agent_id}/{machine.camera_id}", machine.captured_at_ms, machine.cls)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
