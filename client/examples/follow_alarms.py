"""Prints what happens to alarms as it happens: `follow_alarms.py [AFTER_EVENT]`. Ends with Ctrl-C.

WAYSIDE_URL is the centre's address, WAYSIDE_TOKEN_FILE holds a token with the scope alarm.view.
"""

import asyncio
import os
import sys
from pathlib import Path

from wayside_client import AsyncCenter, follow_alarms_async


async def main(token: str, after: int | None) -> None:
    async with AsyncCenter(os.environ["WAYSIDE_URL"], token=token) as center:
        async for push in follow_alarms_async(center, after=after):
            alarm = push.alarm
            print(push.event.id, push.event.event, alarm.id, f"{alarm.agent_id}/{alarm.camera_id}", flush=True)


if __name__ == "__main__":
    shown = Path(os.environ["WAYSIDE_TOKEN_FILE"]).read_text(encoding="ascii").strip()
    asyncio.run(main(shown, int(sys.argv[1]) if len(sys.argv) > 1 else None))
