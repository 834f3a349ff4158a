"""Leads a trainee through faults: a call comes in, the trainee names the cause and mends it, the product is asked."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from provisioning.files import durable
from provisioning.training.cameras import ACTS
from provisioning.training.faults import PlantedFault
from provisioning.training.ground import Ground
from provisioning.training.names import NAMES
from provisioning.training.phrase import Phrase
from provisioning.training.product import HINTS

CHECK_ASKINGS: Final = 90
"""Times that the product is asked after `check`, before it is said that the fault is still there."""


class Terminal(Protocol):
    """Terminal at which the trainee sits."""

    def say(self, text: str) -> None:
        """Prints a text, which may have several lines."""

    def ask(self) -> str | None:
        """Returns the next line that the trainee types; None at the end of the input."""


class Grade(StrEnum):
    """Grade of one fault."""

    RIGHT = "right"
    """The first cause that was named is the right one, and the fault was mended."""
    LATE = "late"
    """Another cause was named first; then the fault was found and mended."""
    GIVEN_UP = "given_up"
    LEFT_OUT = "left_out"
    """The product did not name the fault on this machine; the trainee was not asked."""


@dataclass
class Outcome:
    """Account of one fault."""

    fault: PlantedFault
    answers: list[str] = field(default_factory=list)
    """Causes that the trainee named, in their order."""
    hints: int = 0
    seconds: float = 0.0
    is_mended: bool = False
    was_told: bool = True

    @property
    def is_named(self) -> bool:
        """True once the trainee has named the cause."""
        return self.fault.cause in self.answers

    @property
    def grade(self) -> Grade:
        """Grade of this fault."""
        if not self.was_told:
            return Grade.LEFT_OUT
        if not (self.is_mended and self.is_named):
            return Grade.GIVEN_UP
        return Grade.RIGHT if self.answers[0] == self.fault.cause else Grade.LATE


_HELP: Final = Phrase(
    """  NUMBER or NAME    the cause
  check             I have mended it: ask the product
  hint              where to look (is counted)
  site ACT CAMERA   go to a camera and do something: {acts}
  start SERVICE     as systemctl does on a real machine; stop, restart. SERVICE: {services}
  q                 give this one up; quit: end here, with the sheet
  ?                 this list, and where everything is""",
    """  编号或名称        原因
  check             修好了：请问产品
  hint              到哪里看（会记数）
  site ACT CAMERA   到摄像机现场做一件事：{acts}
  start SERVICE     相当于真机上的 systemctl；还有 stop、restart。SERVICE：{services}
  q                 放弃这一个；quit：到此为止，出成绩单
  ?                 本说明，以及各样东西在哪里""",
)
_TEXTS: Final[Mapping[str, Phrase]] = {
    "fault": Phrase("Fault {number} of {count}: a call came in.", "故障 {number}/{count}：来了一个电话。"),
    "causes": Phrase(
        "Find the cause in the product, in another terminal. Which is it?", "请在另一个终端里用产品查明原因。是哪一个？"
    ),
    "planting": Phrase("… a moment, something is about to happen", "……稍等，要出事了"),
    "right": Phrase("Yes: {name}. Now mend it; then: check", "对：{name}。请修好它，然后输入 check"),
    "wrong": Phrase("No: the product does not say {name} of it. Look again.", "不对：产品没有说是 {name}。请再看看。"),
    "asking": Phrase("… the product is asked", "……正在问产品"),
    "still": Phrase("It is not well yet. The product says: {names}", "还没有好。产品说：{names}"),
    "well": Phrase("The product says that it is well again.", "产品说已经好了。"),
    "name_it": Phrase("And the cause was? NUMBER or NAME", "那么原因是什么？编号或名称"),
    "done": Phrase("Done in {seconds} s.", "用时 {seconds} 秒。"),
    "solution": Phrase("It was {name}. The remedy: {remedy}", "原因是 {name}。处理：{remedy}"),
    "hint": Phrase("Ask: {place}", "去问：{place}"),
    "hint_where": Phrase(
        "There, look at: {where}. The run-book has a section for each name.",
        "在那里看：{where}。处置手册里每个名称都有一节。",
    ),
    "no_hint": Phrase("There is no other hint. q shows the solution.", "没有别的提示了。q 会给出答案。"),
    "unknown": Phrase("Not understood: {typed}. ? lists what can be typed.", "看不懂：{typed}。? 列出可以输入的内容。"),
    "acted": Phrase("You are there: {words}. Something changed.", "到了现场：{words}。有变化。"),
    "acted_in_vain": Phrase("You are there: {words}. Nothing changed.", "到了现场：{words}。没有变化。"),
    "started": Phrase("{service} is started.", "{service} 已启动。"),
    "stopped": Phrase("{service} is stopped.", "{service} 已停止。"),
    "runs": Phrase("{service} runs already.", "{service} 已在运行。"),
    "restoring": Phrase("… the street is put in order", "……正在恢复原状"),
    "left_out": Phrase(
        "The product does not name {fault} on this machine; it is left out.", "本机上产品没有报出 {fault}，跳过。"
    ),
}


class Walk:
    """A walk through faults, in one language."""

    def __init__(self, ground: Ground, terminal: Terminal, language: str) -> None:
        self._ground = ground
        self._terminal = terminal
        self._language = language

    def go(self, faults: Sequence[PlantedFault]) -> Iterator[Outcome]:
        """Plants one fault after another. Yields the account of each; ends early when the trainee does."""
        self._help()
        for number, fault in enumerate(faults, 1):
            outcome = Outcome(fault)
            is_ended = self._fault(outcome, number, len(faults))
            yield outcome
            if is_ended:
                return

    def _fault(self, outcome: Outcome, number: int, count: int) -> bool:
        """Plants one fault and waits until it is over. True if the trainee ends the walk."""
        fault, ground = outcome.fault, self._ground
        self._say("planting")
        durable.write(ground.list_file, ground.right_list().encode())
        fault.plant(ground)
        if not ground.until(lambda: fault.is_told(ground)):
            outcome.was_told = False
            self._say("left_out", fault=fault.name)
            self._restore(fault)
            return False
        self._say("fault", number=number, count=count)
        self._terminal.say(self._call(fault))
        choices = sorted((fault.cause, *fault.others))
        self._offer(choices)
        began_s = time.monotonic()
        is_ended = self._listen(outcome, choices)
        outcome.seconds = time.monotonic() - began_s
        if outcome.grade is Grade.GIVEN_UP:
            self._say("solution", name=self._named(fault.cause), remedy=fault.remedy.in_language(self._language))
            if not is_ended:
                self._restore(fault)
        else:
            self._say("done", seconds=round(outcome.seconds))
            self._settle()
        return is_ended

    def _listen(self, outcome: Outcome, choices: Sequence[str]) -> bool:
        """Does what the trainee types until the fault is over or given up. True if the walk ends."""
        while not (outcome.is_named and outcome.is_mended):
            line = self._terminal.ask()
            match None if line is None else line.split():
                case None | ["quit"]:
                    return True
                case ["q"]:
                    return False
                case []:
                    continue
                case words:
                    self._obey(words, outcome, choices)
        return False

    def _obey(self, words: list[str], outcome: Outcome, choices: Sequence[str]) -> None:
        match words:
            case ["check"]:
                self._check(outcome)
            case ["hint"]:
                self._hint(outcome)
            case ["?"]:
                self._help()
                self._offer(choices)
            case ["site", act, camera] if act in ACTS and camera in self._ground.cameras:
                self._go_to(act, camera)
            case ["start" | "stop" | "restart" as verb, service] if service in self._ground.services():
                self._serve(verb, service)
            case [word] if (name := _chosen(word, choices)) is not None:
                self._answer(outcome, name)
            case _:
                self._say("unknown", typed=" ".join(words))

    def _answer(self, outcome: Outcome, name: str) -> None:
        outcome.answers.append(name)
        is_right = name == outcome.fault.cause
        self._say("right" if is_right else "wrong", name=self._named(name))

    def _check(self, outcome: Outcome) -> None:
        fault, ground = outcome.fault, self._ground
        self._say("asking")
        if ground.until(lambda: fault.is_over(ground), CHECK_ASKINGS):
            outcome.is_mended = True
            self._say("well")
            if not outcome.is_named:
                self._say("name_it")
            return
        reading = ground.reading(fault.source, fault.where)
        self._say("still", names=", ".join(sorted(reading.names)) or "–")

    def _hint(self, outcome: Outcome) -> None:
        outcome.hints += 1
        fault = outcome.fault
        match outcome.hints:
            case 1:
                self._say("hint", place=HINTS[fault.source].in_language(self._language))
            case 2:
                self._say("hint_where", where=fault.where)
            case _:
                self._say("no_hint")

    def _go_to(self, act: str, camera: str) -> None:
        there = self._ground.cameras[camera]
        has_changed = there.be(ACTS[act].at(there.condition))
        words = ACTS[act].words.in_language(self._language)
        self._say("acted" if has_changed else "acted_in_vain", words=words)

    def _serve(self, verb: str, service: str) -> None:
        ground = self._ground
        match verb:
            case "start":
                self._say("started" if ground.start(service) else "runs", service=service)
            case "stop":
                ground.stop(service)
                self._say("stopped", service=service)
            case _:
                ground.restart(service)
                self._say("started", service=service)

    def _restore(self, fault: PlantedFault) -> None:
        """Mends a fault that the trainee did not, and waits until all is well."""
        self._say("restoring")
        fault.mend(self._ground)
        self._settle()

    def _settle(self) -> None:
        """Waits until the whole street is well, and puts it in order if it does not become so by itself."""
        ground = self._ground
        if not ground.until(ground.looks_well):
            self._say("restoring")
            ground.put_in_order()

    def _call(self, fault: PlantedFault) -> str:
        note = "" if fault.note is None else fault.note(self._ground)
        return f"  “{fault.call.in_language(self._language).format(note=note)}”"

    def _offer(self, choices: Sequence[str]) -> None:
        self._say("causes")
        for number, name in enumerate(choices, 1):
            self._terminal.say(f"  {number}  {self._named(name)}")

    def _help(self) -> None:
        acts = "; ".join(f"{word} ({act.words.in_language(self._language)})" for word, act in ACTS.items())
        services = ", ".join(self._ground.services())
        self._terminal.say(_HELP.in_language(self._language).format(acts=acts, services=services))
        for name, value in self._ground.addresses():
            self._terminal.say(f"  {name:<14}{value}")

    def _named(self, name: str) -> str:
        return f"{name} ({NAMES[name].in_language(self._language)})"

    def _say(self, text: str, **facts: object) -> None:
        self._terminal.say(_TEXTS[text].in_language(self._language).format(**facts))


def _chosen(word: str, choices: Sequence[str]) -> str | None:
    """Returns the cause of a number or a name."""
    if word in choices:
        return word
    return choices[int(word) - 1] if word.isascii() and word.isdecimal() and 0 < int(word) <= len(choices) else None
