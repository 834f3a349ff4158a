"""The roll-out against a world of agents: in whatever order things happen, nobody is touched before its stage.

The process dies between any two steps: the state is always read back from what was written.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from provisioning.contracts.causes.rollouts import CAMERAS_FELL
from provisioning.contracts.fleet.rollout import AgentProgress, RolloutPhase, StopCause
from provisioning.home import rollout_state as rollouts
from provisioning.home.rollout_state import (
    AgentObservation,
    RolloutFault,
    RolloutPlan,
    RolloutState,
    Standing,
    Target,
    stage_size,
    target_of,
)

SOAK_MS, APPLY_MS, SILENCE_MS = 10_000, 30_000, 20_000
REFUSED = RolloutFault("no", None)
FELL = RolloutFault.coded(CAMERAS_FELL(count=1, camera="gate"))
GOING = {RolloutPhase.RUNNING, RolloutPhase.PAUSED}


class Box:
    """An agent: it takes what it is told a while later, if it is there."""

    def __init__(self) -> None:
        self.has = Target.OLD
        self.told: Target | None = None
        self.standing = Standing.DONE
        self.trouble: RolloutFault | None = None
        self.heard_ms = 0
        self.is_there = True
        self.touched = False


class RolloutAgainstWorld(RuleBasedStateMachine):
    @initialize(count=st.integers(1, 25), rate=st.sampled_from([0.0, 0.1, 0.3]), at_once=st.integers(1, 10))
    def start(self, count: int, rate: float, at_once: int) -> None:
        self.now_ms = 1_000_000
        self.names = tuple(f"a-{number:02}" for number in range(count))
        plan = RolloutPlan(
            agents=self.names,
            error_rate=rate,
            soak_ms=SOAK_MS,
            apply_ms=APPLY_MS,
            silence_ms=SILENCE_MS,
            at_once=at_once,
        )
        self.boxes = {name: Box() for name in self.names}
        self.stage_passed_with: dict[int, int] = {}
        self.written = rollouts.begin(plan, self.now_ms).model_dump_json()

    @property
    def state(self) -> RolloutState:
        return RolloutState.model_validate_json(self.written)

    def look(self) -> None:
        """One step of a process that has just been started, and what it makes of it."""
        before = self.state
        for name, box in self.boxes.items():
            if (target := target_of(before, name)) is not None and target is not box.told:
                box.told, box.standing, box.touched = target, Standing.OPEN, True
        seen = {
            name: AgentObservation(box.told or Target.OLD, box.standing, REFUSED, box.heard_ms, box.trouble)
            for name, box in self.boxes.items()
        }
        after = rollouts.step(before, seen, self.now_ms, listening_since_ms=0)
        if after.stage > before.stage:
            for stage in range(before.stage, after.stage):
                ready = [each for each in after.agents.values() if each.state is AgentProgress.HEALTHY or each.failed]
                assert len(ready) >= stage_size(after.plan, stage)
        assert rollouts.step(after, {}, self.now_ms, listening_since_ms=0).phase is after.phase or after.phase in GOING
        self.written = after.model_dump_json()

    @rule(seconds=st.integers(1, 15))
    def time_passes(self, seconds: int) -> None:
        self.now_ms += 1000 * seconds
        for box in self.boxes.values():
            if box.is_there:
                box.heard_ms = self.now_ms
        self.look()

    @rule(data=st.data())
    def some_take_what_they_were_told(self, data: st.DataObject) -> None:
        open_ = [n for n, b in self.boxes.items() if b.is_there and b.told and b.standing is Standing.OPEN]
        for name in open_:
            if data.draw(st.integers(0, 3)):
                box = self.boxes[name]
                assert box.told is not None
                box.has, box.standing = box.told, Standing.DONE
        self.look()

    @rule(data=st.data())
    def one_refuses(self, data: st.DataObject) -> None:
        news = [n for n, b in self.boxes.items() if b.told is Target.NEW and b.standing is Standing.OPEN]
        if news:
            self.boxes[data.draw(st.sampled_from(news))].standing = Standing.BAD
        self.look()

    @rule(data=st.data(), trouble=st.sampled_from([None, FELL]))
    def one_is_well_or_not(self, data: st.DataObject, trouble: RolloutFault | None) -> None:
        self.boxes[data.draw(st.sampled_from(self.names))].trouble = trouble

    @rule(data=st.data(), there=st.booleans())
    def one_comes_or_goes(self, data: st.DataObject, there: bool) -> None:
        self.boxes[data.draw(st.sampled_from(self.names))].is_there = there

    @rule()
    def paused(self) -> None:
        self.written = rollouts.pause(self.state).model_dump_json()

    @rule()
    def resumed(self) -> None:
        self.written = rollouts.resume(self.state).model_dump_json()

    @precondition(lambda self: self.state.phase is not RolloutPhase.STOPPING)
    @rule(dice=st.integers(0, 5))
    def aborted(self, dice: int) -> None:
        if dice == 0:
            self.written = rollouts.abort(self.state).model_dump_json()

    @invariant()
    def nobody_beyond_the_stage_is_touched(self) -> None:
        state = self.state
        touched = [name for name in self.names if state.agents[name].state is not AgentProgress.PENDING]
        assert len(touched) <= state.size
        assert {name for name, box in self.boxes.items() if box.touched} <= set(touched)

    @invariant()
    def more_failures_than_allowed_stop_it(self) -> None:
        state = self.state
        if state.phase in {RolloutPhase.RUNNING, RolloutPhase.PAUSED, RolloutPhase.DONE}:
            assert state.failures <= state.plan.error_rate * state.size
        else:
            assert state.stopped is not StopCause.NONE
            assert state.cause
            assert state.reason is not None

    @invariant()
    def a_stopped_one_has_nobody_out_and_wants_nobody_to_be(self) -> None:
        state = self.state
        if state.phase in {RolloutPhase.STOPPING, RolloutPhase.STOPPED}:
            assert {target_of(state, name) for name in self.names} <= {None, Target.OLD}
        if state.phase is RolloutPhase.STOPPED:
            assert all(box.has is Target.OLD for box in self.boxes.values())

    @invariant()
    def a_finished_one_is_everywhere_it_has_not_failed(self) -> None:
        state = self.state
        if state.phase is RolloutPhase.DONE:
            for name, box in self.boxes.items():
                assert state.agents[name].failed or box.has is Target.NEW

    @invariant()
    def nobody_is_lost(self) -> None:
        assert sum(self.state.counts().values()) == len(self.names)


RolloutAgainstWorld.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestRolloutAgainstWorld = RolloutAgainstWorld.TestCase
