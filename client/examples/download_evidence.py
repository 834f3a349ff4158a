"""Exports observations as evidence and fetches the archive.

Called as `download_evidence.py CASE PURPOSE REQUESTER FILE ROW_KEY…`.

WAYSIDE_URL is the centre's address, WAYSIDE_TOKEN_FILE holds a token with the scope evidence.export.
"""

import os
import sys
import time
from pathlib import Path

from wayside_client import Center, save_export
from wayside_client.api.evidence import get_export, start_export
from wayside_client.models import ExportRequest, ExportState


def main(case: str, purpose: str, requester: str, file: Path, row_keys: list[str]) -> None:
    token = Path(os.environ["WAYSIDE_TOKEN_FILE"]).read_text(encoding="ascii").strip()
    asked = ExportRequest(case=case, purpose=purpose, requester=requester, row_keys=row_keys)
    with Center(os.environ["WAYSIDE_URL"], token=token) as center:
        export = start_export.sync(center, body=asked)
        while export.state == ExportState.RUNNING:
            time.sleep(1)  # the centre tells nobody when an export is ready
            export = get_export.sync(center, export.id)
        if export.state != ExportState.READY:
            sys.exit(f"The export is {export.state}: {export.cause}")
        save_export(center, export.id, file)
    print(f"{file}: SHA-256 {export.sha256}, {len(export.left_out)} left out")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]), sys.argv[5:])
