"""Service of notification: callers use `deliver`, once quiet hours and escalation are decided."""

import asyncio
import getpass
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from center.audit.log import Audit
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.notify.channels import build as build_channels
from center.notify.channels.base import Channel
from center.notify.dispatcher import Dispatcher
from center.notify.errors import TrialFailedError, UnknownChannelError
from center.notify.lifecycle import SETTLED, MessageState
from center.notify.message import Message
from center.notify.outbox import Outbox, Receipt
from center.notify.report_endpoint import Received, ReportGate
from center.notify.sms_months.service import SmsMonths
from center.notify.views import ChannelStanding, ChannelView, OutboxBacklog, OutboxPage, Views
from center.retention import Retention
from provisioning.contracts.config.notify import Notify

_TRIAL_WAIT_S: Final = 45.0
_TRIAL_LOOK_S: Final = 0.2
LOCK: Final = "notify.lock"
_DAY_MS: Final = 86_400_000


class Notifier:
    """Runs the channels, outbox and loops of one centre. Methods that are not coroutines block."""

    def __init__(
        self, config: Notify, store: Store, audit: Audit, *, data_dir: Path, retention: Retention, now_ms: NowMs
    ) -> None:
        """Reads every file that the configuration names.

        Raises:
            ConfigError, StartError: one cannot be used.
        """
        self._audit = audit
        self._now_ms = now_ms
        self.channels: Final[dict[str, Channel]] = build_channels.build(config, now_ms)
        self.outbox: Final = Outbox(store, audit, now_ms, offset_minutes=config.offset_minutes)
        self.gate: Final = ReportGate(config.sms, self.outbox)
        self.sms_months: Final = SmsMonths(config, self.channels, store, audit, now_ms)
        self._views = Views(store, now_ms, offset_minutes=config.offset_minutes)
        self._dispatcher = Dispatcher(
            self.outbox,
            self.channels,
            lock_file=data_dir / LOCK,
            keep_ms=keep_ms(config),
            retention=retention,
            now_ms=now_ms,
        )

    def start(self) -> None:
        """Starts sending, in the running event loop."""
        self._dispatcher.start()

    @property
    def loops(self) -> tuple[Periodic, ...]:
        """Loops that were started."""
        return tuple(self._dispatcher.loops)

    async def stop(self) -> None:
        """Stops sending; attempts under way have a few seconds."""
        await self._dispatcher.stop()

    def deliver(self, message: Message, channel: str, recipients: Sequence[str] | None = None) -> tuple[Receipt, ...]:
        """Queues a message for recipients of a channel, all of them by default. On return it is on the disk.

        Delivering it again, with the same id, changes nothing.

        Raises:
            UnknownChannelError, UnknownRecipientError: not configured.
            OutboxFullError: too many messages wait.
            StoreUnavailableError: the message is not stored; deliver it again.
        """
        way = self.channel(channel)
        receipts = self.outbox.post(way, message, tuple(way.recipients) if recipients is None else recipients)
        self._dispatcher.wake(channel)
        return receipts

    def test(self, channel: str, recipient: str | None, *, actor: str) -> tuple[Receipt, ...]:
        """Queues a message that says it is a test.

        Raises: as `deliver`.
        """
        way = self.channel(channel)
        message = Message(
            id=f"test-{secrets.token_hex(8)}",
            camera_id="test",
            camera_name="测试 test",
            rule="测试 test",
            at_ms=self._now_ms(),
            link="/",
        )
        chosen = tuple(way.recipients) if recipient is None else (recipient,)
        self._audit.append(actor, "notify.test", {"channel": channel, "recipients": chosen})
        return self.deliver(message, channel, chosen)

    def channel(self, name: str) -> Channel:
        """Returns a channel by its id.

        Raises:
            UnknownChannelError: not configured.
        """
        try:
            return self.channels[name]
        except KeyError:
            raise UnknownChannelError(channel=name) from None

    def channel_views(self) -> tuple[ChannelView, ...]:
        """Returns the views of all channels, with counts of their messages.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        return tuple(self._view(channel) for channel in self.channels.values())

    def standings(self) -> tuple[ChannelStanding, ...]:
        """Returns each channel's fault, suspension and monthly quota: few rows read a channel, for callers that poll.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        faults = self._dispatcher.faults
        return tuple(self._views.standing(each, fault=faults.get(each.id, "")) for each in self.channels.values())

    def waiting(self) -> dict[str, OutboxBacklog]:
        """Returns the messages that are not settled, by channel; channels without any are absent.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        return self._views.waiting()

    def outbox_page(
        self,
        *,
        channel: str | None = None,
        state: MessageState | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> OutboxPage:
        """Returns a page of the outbox, newest first.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        return self._views.outbox(channel=channel, state=state, before=before, limit=limit)

    def _view(self, channel: Channel) -> ChannelView:
        received = self.gate.received.get(channel.id, Received())
        return self._views.channel(
            channel,
            fault=self._dispatcher.faults.get(channel.id, ""),
            received=(received.reports, received.replies_dropped, received.unreadable),
        )


def keep_ms(config: Notify) -> int:
    """Returns the milliseconds for which a settled message is kept."""
    return config.keep_days * _DAY_MS


async def try_channel(notifier: Notifier, channel: str, recipient: str | None) -> list[Receipt]:
    """Sends a test message, from the centre that runs or else from this process, and waits for its outcomes.

    Raises:
        UnknownChannelError, UnknownRecipientError, OutboxFullError, StoreUnavailableError: nothing is sent.
        TrialFailedError: a recipient did not get it.
    """
    posted = await asyncio.to_thread(notifier.test, channel, recipient, actor=f"cli:{getpass.getuser()}")
    notifier.start()
    try:
        done = [await _end_of(notifier, receipt) for receipt in posted]
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


async def _end_of(notifier: Notifier, receipt: Receipt) -> Receipt:
    loop = asyncio.get_running_loop()
    end = loop.time() + _TRIAL_WAIT_S
    while loop.time() < end:
        now = await asyncio.to_thread(notifier.outbox.look, receipt.parcel_id)
        if now is not None:
            receipt = now
        # One answer is enough to know: the command does not wait for the second attempt.
        if receipt.state in SETTLED or receipt.attempts:
            break
        await asyncio.sleep(_TRIAL_LOOK_S)
    return receipt
