"""Delivers each closed month once, and each correction of it, signed with the centre's key for exports."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Final

from center.assessment.assessor import Assessor
from center.assessment.months import Months
from center.assessment.report import Version
from center.assessment_feed import document as documents
from center.assessment_feed.errors import FeedMonthOpenError
from center.assessment_feed.receivers import MonthReceiver, receiver_of
from center.assessment_feed.tables import DeliveredMonthRecord
from center.audit.log import Audit
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.evidence import cms
from center.evidence.setup import signer_of
from center.evidence.signer import Signer
from center.pipeline import causes
from center.pipeline.probes import Probe, ProbeFault, ProbeValue
from center.pipeline.stages import Stage
from provisioning.contracts.config.processes import CenterConfig

EVERY_S: Final = 600.0
ACTOR: Final = "(centre)"


class MonthFeed:
    """Feed of one centre."""

    def __init__(
        self, receiver: MonthReceiver, signer: Signer, *, months: Months, store: Store, audit: Audit, now_ms: NowMs
    ) -> None:
        self._receiver = receiver
        self._signer = signer
        self._months = months
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self.loop = Periodic("the feed of the assessment", EVERY_S, self.turn)

    async def turn(self) -> None:
        """Delivers the last month that is closed, and its newest correction, unless the receiver took it.

        Raises:
            FeedFailedError: the receiver did not take it.
            StoreUnavailableError: the database does not work.
        """
        month = await asyncio.to_thread(self._months.last_closed)
        if month is None:
            return
        newest = (await asyncio.to_thread(self._months.versions, month))[-1]
        if not await asyncio.to_thread(self._is_delivered, month, newest):
            await self.deliver(month, actor=ACTOR)

    def probe(self) -> Probe:
        """Makes a probe of the receiver, for the pipeline: the state of the last turn, without a request."""
        return Probe(Stage.SUPERIORS, self._receiver.target, self._probe)

    async def deliver(self, month: str, *, actor: str) -> tuple[str, int]:
        """Delivers the newest version of a closed month now, whether or not it was before.

        Returns:
            The document's file name, and the version.

        Raises:
            BadPeriodError: the text is no month.
            FeedMonthOpenError: the month is not closed.
            FeedFailedError: the receiver did not take it.
        """
        judged = await asyncio.to_thread(self._months.published, month)
        if judged is None or judged.version is None:
            raise FeedMonthOpenError(month=month)
        version = judged.version
        content = documents.encode(documents.document(judged, version))
        signed_at = datetime.fromtimestamp(self._now_ms() / 1000, UTC)
        name = f"assessment-{judged.report.period.text}-v{version.number}.json"
        await self._receiver.put(month, f"{name}.p7s", cms.sign(content, self._signer, at=signed_at))
        await self._receiver.put(month, name, content)
        await asyncio.to_thread(self._note, month, version, content, actor)
        return name, version.number

    async def _probe(self) -> ProbeValue:
        trouble = self.loop.death or self.loop.trouble
        if trouble is not None:
            raise ProbeFault(causes.FEED_FAILED, str(trouble.facts.get("cause", trouble.text())))
        return None

    def _is_delivered(self, month: str, version: Version) -> bool:
        with self._store.transaction() as session:
            return session.get(DeliveredMonthRecord, (month, version.number)) is not None

    def _note(self, month: str, version: Version, content: bytes, actor: str) -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        detail = {"month": month, "version": version.number, "target": self._receiver.target, "sha256": sha256}
        with self._store.transaction() as session:
            self._audit.add(session, actor, "assessment.delivered", detail)
            session.merge(
                DeliveredMonthRecord(month=month, version=version.number, sha256=sha256, delivered_at_ms=self._now_ms())
            )


def open_feed(
    config: CenterConfig, assessor: Assessor, *, store: Store, audit: Audit, now_ms: NowMs
) -> MonthFeed | None:
    """Opens the feed; None if [assessment_feed] is not configured.

    Raises:
        ConfigError: the token's file cannot be used.
        StartError: the key, its certificate or the authority's file cannot be used.
    """
    evidence = config.evidence
    if config.assessment_feed is None or evidence is None:
        return None
    signer = signer_of(evidence, now_ms)
    receiver = receiver_of(config.assessment_feed)
    return MonthFeed(receiver, signer, months=assessor.months, store=store, audit=audit, now_ms=now_ms)
