"""Runs the whole self-check: for the page, in the centre that serves, and for the command, beside it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from center.access.route_permissions import RouteRule
from center.clock import NowMs
from center.database.store import Store
from center.retention import Retention
from center.self_check.accounts import check_accounts, check_sessions
from center.self_check.advisories import check_packages, installed
from center.self_check.files import check_certificates, check_secrets
from center.self_check.findings import Finding, SelfCheckReport, WeaknessSeverity
from center.self_check.network import check_connections, check_listeners, check_routes
from center.self_check.upkeep import check_upkeep
from provisioning.contracts.config.processes import CenterConfig

RAN: Final = "self_check.run"
"""Action of the entry that a user of the self-check writes into the audit."""
_ORDER: Final = tuple(WeaknessSeverity)


class SelfCheck:
    """Checks one centre. Blocks: call it from a worker thread."""

    def __init__(self, config: CenterConfig, store: Store, retention: Retention, now_ms: NowMs) -> None:
        self._config = config
        self._store = store
        self._retention = retention
        self._now_ms = now_ms

    def run(self, rules: Iterable[RouteRule]) -> SelfCheckReport:
        """Checks everything. `rules` are those of the application's routes.

        Raises:
            StoreUnavailableError: the database, or the state of retention, cannot be read.
        """
        now_ms, limits = self._now_ms(), self._config.self_check
        found = sorted(self._findings(rules, now_ms), key=lambda each: _ORDER.index(each.severity))
        return SelfCheckReport(now_ms, tuple(found), compared=limits.advisories_dir is not None)

    def _findings(self, rules: Iterable[RouteRule], now_ms: int) -> Iterator[Finding]:
        config, limits = self._config, self._config.self_check
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        with self._store.transaction() as session:
            yield from check_accounts(session, limits, now_ms)
            yield from check_sessions(
                session, session_hours=config.session_hours, token_max_days=config.token_max_days, now_ms=now_ms
            )
            yield from check_upkeep(session, self._retention, config, now_ms)
        yield from check_certificates(config, now, days=limits.certificate_days)
        yield from check_secrets(config)
        yield from check_routes(rules)
        yield from check_listeners(config)
        yield from check_connections(config)
        if limits.advisories_dir is not None:
            yield from check_packages(limits.advisories_dir, installed(), now, days=limits.advisories_days)
