"""A box that enrols, as a test calls it."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from edge_agent.clock import SystemClock
from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.enrolment.enrol import Enrolment, enrol
from edge_agent.enrolment.request import EnrolmentOrder, read_bundle
from edge_agent.errors import EnrolmentError
from tests.edge_agent.enrolment_service import CODE, EnrolmentService
from tests.edge_agent.world import FakeClock

CODE_2 = "7K2M-Q0ZX-BBBB-1234"


def run(
    service: EnrolmentService,
    folder: AgentFolder,
    *,
    code: str = CODE,
    again: bool = False,
    clock: FakeClock | SystemClock | None = None,
    models: Path | None = None,
    expect: str | None = None,
    wait_s: float = 0.0,
    **changes: object,
) -> Enrolment:
    order = EnrolmentOrder.of(read_bundle(BytesIO(service.bundle(**changes).encode())))
    return enrol(
        order,
        folder.path,
        lambda _: code,
        clock or SystemClock(),
        models_dir=models,
        expect=expect,
        again=again,
        wait_s=wait_s,
    )


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(EnrolmentError) as caught:
        act()
    text = str(caught.value)
    assert CODE not in text
    assert "\n" not in text
    return text


def content(folder: AgentFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.path.iterdir() if path.is_file()}
