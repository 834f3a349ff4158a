"""The register against a model of it: in whatever order things happen, a code is one box's and a revoked one is out."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from provisioning.contracts.fleet.documents import Membership
from provisioning.errors import EnrolmentRefused, RegisterError
from provisioning.home.agents import MAX_CERTIFICATES_A_DAY, Certificate, Register
from provisioning.home.database import RegisterFile
from tests.support.office import DAY_MS, Clock

AGENTS = ("a-1", "a-2")
KEYS = ("key of box 1", "key of box 2", "key of box 3")
LIFE_MS = 90 * DAY_MS


@dataclass
class ModelAgent:
    is_revoked: bool = False
    is_enrolled: bool = False


@dataclass
class ModelCode:
    agent: str
    ends_at_ms: int
    used_by: str | None = None
    serial: str = ""


@dataclass
class Model:
    """What must be so, without a database."""

    agents: dict[str, ModelAgent] = field(default_factory=dict)
    codes: dict[str, ModelCode] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    ends_at_ms: dict[str, int] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def drop_unused(self, agent: str) -> None:
        self.codes = {
            text: code for text, code in self.codes.items() if code.agent != agent or code.used_by is not None
        }

    def revoke_certificates(self, agent: str) -> set[str]:
        now = {serial for serial, owner in self.owner.items() if owner == agent} - self.revoked
        self.revoked |= now
        return now


class RegisterAgainstModel(RuleBasedStateMachine):
    codes = Bundle("codes")
    serials = Bundle("serials")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.register = Register(RegisterFile.create(Path(self.folder.name) / "register.sqlite3"), self.clock)
        self.register.add_site("north", "North", None, None)
        self.model = Model()
        self.codes_agent: dict[str, str] = {}
        self.spent: dict[str, set[str]] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    def sign(self, agent: str) -> Certificate:
        serial = str(2**150 + len(self.model.owner))
        return Certificate(serial, agent, "PEM", self.clock.now_ms, self.clock.now_ms + LIFE_MS)

    def keep(self, made: Certificate) -> str:
        assert made.serial not in self.model.owner
        self.model.owner[made.serial] = made.agent_id
        self.model.ends_at_ms[made.serial] = made.ends_at_ms
        return made.serial

    @initialize()
    def begin_with_one(self) -> None:
        self.add_agent(AGENTS[0], again=False)

    @rule(agent=st.sampled_from(AGENTS), again=st.booleans())
    def add_agent(self, agent: str, again: bool) -> None:
        known = self.model.agents.get(agent)
        if known is not None and known.is_revoked and not again:
            with pytest.raises(RegisterError, match="--again"):
                self.register.add_agent(agent, "north", again=again)
            return
        assert self.register.add_agent(agent, "north", again=again) is (known is None or known.is_revoked)
        if known is None or known.is_revoked:
            self.model.agents[agent] = ModelAgent()

    @rule(target=codes, agent=st.sampled_from(AGENTS), days=st.integers(1, 3))
    def make_a_code(self, agent: str, days: int) -> object:
        return self.new_code(agent, days)

    def new_code(self, agent: str, days: int) -> object:
        known = self.model.agents.get(agent)
        if known is None or known.is_revoked:
            with pytest.raises(RegisterError, match="no agent" if known is None else "--again"):
                self.register.new_code(agent, days * DAY_MS)
            return multiple()
        code, ends_at_ms = self.register.new_code(agent, days * DAY_MS)
        assert ends_at_ms == self.clock.now_ms + days * DAY_MS
        self.model.drop_unused(agent)
        self.model.codes[code] = ModelCode(agent, ends_at_ms)
        self.codes_agent[code] = agent
        return code

    @rule(target=serials, code=codes, key=st.sampled_from(KEYS))
    def enrol_as_whom_the_code_is_for(self, code: str, key: str) -> object:
        return self.enrol(code, self.codes_agent[code], key)

    @rule(target=serials, code=codes, agent=st.sampled_from(AGENTS))
    def enrol_as_anybody(self, code: str, agent: str) -> object:
        return self.enrol(code, agent, KEYS[0])

    @rule(target=serials, agent=st.sampled_from(AGENTS), key=st.sampled_from(KEYS), late=st.booleans())
    def send_a_box(self, agent: str, key: str, late: bool) -> object:
        code = self.new_code(agent, 1)
        if not isinstance(code, str):
            return multiple()
        self.clock.now_ms += DAY_MS + late
        return self.enrol(code, agent, key)

    def enrol(self, code: str, agent: str, key: str) -> object:
        known = self.model.codes.get(code)
        if known is None:
            expected = "code_unknown"
        elif known.agent != agent:
            expected = "wrong_site"
        elif known.used_by is not None:
            is_repeated = known.used_by == key and known.serial not in self.model.revoked
            expected = "" if is_repeated else "code_used"
        else:
            expected = "code_expired" if self.clock.now_ms > known.ends_at_ms else ""
        if expected:
            with pytest.raises(EnrolmentRefused) as caught:
                self._enrol(code, agent, key)
            assert caught.value.error == expected
            return multiple()
        made = self._enrol(code, agent, key)
        assert known is not None
        self.spent.setdefault(code, set()).add(key)
        if known.used_by is not None:
            assert made.serial == known.serial
            return multiple()
        self.model.revoke_certificates(agent)
        known.used_by, known.serial = key, self.keep(made)
        self.model.agents[agent].is_enrolled = True
        return made.serial

    def _enrol(self, code: str, agent: str, key: str) -> Certificate:
        return self.register.enrol(
            code.lower(), site_id="north", agent_id=agent, key_sha256=key, secrets_key="0" * 64,
            sign=lambda: self.sign(agent),
        )  # fmt: skip

    @rule(target=serials, serial=serials)
    def renew(self, serial: str) -> object:
        agent = self.model.owner[serial]
        if serial in self.model.revoked:
            with pytest.raises(EnrolmentRefused) as caught:
                self.register.renew(serial, lambda: self.sign(agent))
            assert caught.value.error == "revoked"
            return multiple()
        try:
            return self.keep(self.register.renew(serial, lambda: self.sign(agent)))
        except EnrolmentRefused as refused:
            why = refused.error
            held, now_ms = self.register.certificates(agent), self.clock.now_ms
            if why == "busy":
                assert sum(each.issued_at_ms > now_ms - DAY_MS for each in held) >= MAX_CERTIFICATES_A_DAY
            else:
                assert why == "expired"
                assert next(each for each in held if each.serial == serial).ends_at_ms < now_ms
            return multiple()

    @rule(agent=st.sampled_from(AGENTS))
    def revoke(self, agent: str) -> None:
        if agent not in self.model.agents:
            with pytest.raises(RegisterError, match="no agent"):
                self.register.revoke(agent, "stolen")
            return
        assert set(self.register.revoke(agent, "stolen")) == self.model.revoke_certificates(agent)
        self.model.agents[agent].is_revoked = True
        self.model.drop_unused(agent)

    @rule(code=codes)
    def ask_whether_a_code_stands(self, code: str) -> None:
        known = self.model.codes.get(code)
        for agent in AGENTS:
            stands = known is not None and known.agent == agent and known.used_by is None
            assert self.register.code_stands(code, agent) is (
                stands and known is not None and known.ends_at_ms >= self.clock.now_ms
            )

    @rule(days=st.sampled_from((1, 2, 60)))
    def time_passes(self, days: int) -> None:
        self.clock.now_ms += days * DAY_MS

    @invariant()
    def a_code_is_spent_by_one_box(self) -> None:
        assert all(len(keys) == 1 for keys in self.spent.values())

    @invariant()
    def everybody_stands_as_in_the_model(self) -> None:
        expected = {
            agent: Membership.REVOKED
            if known.is_revoked
            else Membership.ENROLLED
            if known.is_enrolled
            else Membership.PENDING
            for agent, known in self.model.agents.items()
        }
        assert {agent.id: agent.membership for agent in self.register.agents()} == expected

    @invariant()
    def a_revocation_list_names_what_would_still_count(self) -> None:
        still = {serial for serial in self.model.revoked if self.model.ends_at_ms[serial] > self.clock.now_ms}
        assert {each.serial for each in self.register.revoked()} == still

    @invariant()
    def a_revoked_agent_has_no_certificate_that_counts(self) -> None:
        for agent, known in self.model.agents.items():
            counting = {each.serial for each in self.register.certificates(agent) if each.revoked_at_ms is None}
            assert counting == {s for s, owner in self.model.owner.items() if owner == agent} - self.model.revoked
            assert not (known.is_revoked and counting)

    @invariant()
    def a_pending_code_is_one_that_nobody_used(self) -> None:
        unused = {code.agent: code.ends_at_ms for code in self.model.codes.values() if code.used_by is None}
        assert self.register.pending_codes() == unused


TestRegisterAgainstModel = RegisterAgainstModel.TestCase
TestRegisterAgainstModel.settings = settings(max_examples=40, stateful_step_count=40)
