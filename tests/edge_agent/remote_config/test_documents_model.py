"""Any order of documents, trials, stops, crashes and full disks, against a model that fits on one screen."""

import errno
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge_agent.errors import ConfigurationRefused
from edge_agent.remote_config.documents import Documents
from provisioning.contracts.fleet.documents import Verdict
from provisioning.files import durable
from tests.edge_agent.told import Centre
from tests.edge_agent.world import FakeClock

durable_file_write = durable.write
NUMBERS = st.integers(1, 12)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.centre = Centre(Path(self.folder.name) / "box")
        self.forger = Centre(Path(self.folder.name) / "forger")
        self.documents = Documents("street", self.centre.section, FakeClock())
        # the model
        self.seen = 0
        self.active: int | None = None
        self.trial: int | None = None
        self.is_running = False
        self.accepted: set[int] = set()
        self.failed: set[int] = set()

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(number=NUMBERS)
    def arrives(self, number: int) -> None:
        self.documents.accept(self.centre.document(number, f"camera-{number}"))
        self._learn(number)

    @rule(number=NUMBERS, writes=st.sampled_from([0, 1]))
    def arrives_while_the_disk_is_full(self, number: int, writes: int) -> None:
        """With room for nothing, or for the document and not for the state."""
        left = iter(range(writes))

        def write(path: Path, data: bytes) -> Path:
            if next(left, None) is None:
                raise OSError(errno.ENOSPC, "full")
            return durable_file_write(path, data)

        with patch.object(durable, "write", write):
            self.documents.accept(self.centre.document(number, f"camera-{number}"))

    @rule(number=NUMBERS, is_forged=st.booleans())
    def arrives_from_elsewhere_or_for_another(self, number: int, is_forged: bool) -> None:
        signer, addressee = (self.forger, "street") if is_forged else (self.centre, "avenue")
        self.documents.accept(signer.document(number, "camera", addressee=addressee))

    @rule(payload=st.binary(max_size=50))
    def arrives_broken(self, payload: bytes) -> None:
        self.documents.accept(payload)

    @rule()
    def begins(self) -> None:
        if self.documents.waiting is None:
            assert self.trial is None or self.is_running
            return
        assert self.documents.begin(()).number == self.trial
        self.is_running = True

    @rule()
    def cannot_begin_while_the_disk_is_full(self) -> None:
        if self.trial is None or self.is_running:
            return
        with patch.object(durable, "write", side_effect=OSError(errno.ENOSPC, "full")):
            try:
                self.documents.begin(())
            except ConfigurationRefused:
                return
        raise AssertionError("it was begun, and nobody would know after a crash")

    @precondition(lambda self: self.is_running)
    @rule(number=NUMBERS, is_good=st.booleans())
    def ends(self, number: int, is_good: bool) -> None:
        """Also with a number that is not, or no longer, on trial."""
        ended = self.documents.apply(number) if is_good else self.documents.roll_back(number, "fell")
        assert ended == (number == self.trial)
        if ended and is_good:
            self.active, self.trial, self.is_running = number, None, False
        elif ended:
            self._fail()

    @rule()
    def stops_and_starts(self) -> None:
        self.documents.suspend()
        self.is_running = False
        self.documents = Documents("street", self.centre.section, FakeClock())

    @rule()
    def dies_and_starts(self) -> None:
        self.documents = Documents("street", self.centre.section, FakeClock())
        if self.is_running:
            self._fail()

    def _learn(self, number: int) -> None:
        if number > self.seen:
            self.seen = self.trial = number
            self.is_running = False
            self.accepted.add(number)

    def _fail(self) -> None:
        assert self.trial is not None
        self.failed.add(self.trial)
        self.trial, self.is_running = None, False

    @invariant()
    def is_what_the_model_says(self) -> None:
        assert self.documents._state.seen == self.seen
        assert self.documents.active == self.active
        waiting = self.documents.waiting
        assert (None if waiting is None else waiting.number) == (None if self.is_running else self.trial)
        configuration = self.documents.in_force()
        named = None if configuration is None else configuration.cameras[0].id
        assert named == (None if self.active is None else f"camera-{self.active}")

    @invariant()
    def in_force_is_only_what_was_accepted_and_did_not_fail(self) -> None:
        assert self.documents.active is None or self.documents.active in self.accepted - self.failed

    @invariant()
    def the_word_on_the_newest_is_true(self) -> None:
        word = self.documents._state.word
        if word is not None:
            expected = Verdict.APPLIED if self.active == self.seen else Verdict.ROLLED_BACK
            assert (word.number, word.verdict) == (self.seen, Verdict.TRYING if self.trial is not None else expected)

    @invariant()
    def the_folder_stays_small(self) -> None:
        assert len(list(self.centre.section.documents_dir.iterdir())) <= 5


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestDocumentsModel = Machine.TestCase
