"""Exports rules as files and imports them: one format, versioned and bounded."""

from collections.abc import Callable, Collection
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from center.access.permissions import Scope
from center.alarms.errors import MissingCamerasError, RuleFileError
from center.alarms.rule_store import Rules
from center.alarms.rules.rule import RuleText
from center.alarms.views import RuleView
from center.audit.log import Audit

MAX_FILE: Final = 256 * 1024
"""Bytes of a file: a rule of 16 polygons of 64 corners and 1,024 cameras takes less."""


class RuleFile(BaseModel):
    """A rule as a file. A centre refuses a `version` that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["wayside-rule"] = "wayside-rule"
    version: Literal[1] = 1
    text: RuleText


def read_rule_file(content: bytes) -> RuleText:
    """Reads a file.

    Raises:
        RuleFileError: it is too large, or not a rule's.
    """
    if len(content) > MAX_FILE:
        raise RuleFileError(cause=f"it has more than {MAX_FILE // 1024} KB")
    try:
        return RuleFile.model_validate_json(content).text
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RuleFileError(cause=f"{where}: {first['msg']}" if where else first["msg"]) from None


class RuleFiles:
    """Exports and imports the rules of one centre. Blocks.

    Raises (all methods):
        StoreUnavailableError: nothing was changed.
    """

    def __init__(self, rules: Rules, audit: Audit, known: Callable[[Scope], Collection[str]]) -> None:
        """`known` returns the cameras in sight that have reported, as `agent/camera`."""
        self._rules = rules
        self._audit = audit
        self._known = known

    def export(self, rule_id: int, version: int, *, actor: str, sight: Scope) -> RuleFile:
        """Returns the file of a version, and audits it.

        Raises:
            UnknownRuleError: there is no such version in sight.
        """
        text = self._rules.text(rule_id, version, sight=sight)
        self._audit.append(actor, "rule.export", {"rule": rule_id, "version": version})
        return RuleFile(text=text)

    def bring_in(self, text: RuleText, *, actor: str, sight: Scope) -> RuleView:
        """Creates a rule of a file, switched off.

        Raises:
            MissingCamerasError: it refers to cameras that are not there; they are named.
            BeyondSightError, TooManyRulesError, OwnRuleError: see `Rules.create`.
        """
        missing = self.missing(text, sight=sight)
        if missing:
            raise MissingCamerasError(cameras=", ".join(missing))
        return self._rules.create(text, actor=actor, sight=sight, action="rule.import")

    def missing(self, text: RuleText, *, sight: Scope) -> tuple[str, ...]:
        """Lists the cameras of a text that are not there, or not in sight."""
        known = self._known(sight)
        return tuple(camera for camera in text.cameras if camera not in known)
