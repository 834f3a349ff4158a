"""Runs `wayside-center notify test`: one message, sent by the centre that runs, else by this process."""

import asyncio
import getpass
from typing import Final

from center.notify.errors import TrialFailedError
from center.notify.lifecycle import SETTLED, MessageState
from center.notify.outbox import Receipt
from center.notify.service import Notifier

WAIT_S: Final = 45.0
_LOOK_S: Final = 0.2


async def run(notifier: Notifier, channel: str, recipient: str | None, *, wait_s: float = WAIT_S) -> list[Receipt]:
    """Sends a test message, and waits until each recipient's copy has an outcome.

    Raises:
        UnknownChannelError, UnknownRecipientError, OutboxFullError, StoreUnavailableError: nothing is sent.
        TrialFailedError: a recipient did not get it.
    """
    posted = await asyncio.to_thread(notifier.test, channel, recipient, actor=f"cli:{getpass.getuser()}")
    notifier.start()
    try:
        done = [await _end_of(notifier, receipt, wait_s) for receipt in posted]
    finally:
        await notifier.stop()
    for receipt in done:
        if receipt.state not in {MessageState.SENT, MessageState.DELIVERED}:
            raise TrialFailedError(
                channel=channel,
                state=receipt.state.value,
                cause=receipt.code or "no attempt yet",
                what_to_do="Look the word up in docs/notify.md, and at what the other side logged",
            )
    return done


async def _end_of(notifier: Notifier, receipt: Receipt, wait_s: float) -> Receipt:
    loop = asyncio.get_running_loop()
    end = loop.time() + wait_s
    while loop.time() < end:
        now = await asyncio.to_thread(notifier.outbox.look, receipt.parcel_id)
        if now is not None:
            receipt = now
        # One answer is enough to know: the command does not wait for the second attempt.
        if receipt.state in SETTLED or receipt.attempts:
            break
        await asyncio.sleep(_LOOK_S)
    return receipt
