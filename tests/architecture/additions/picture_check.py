"""A check for pictures that are green: the camera's checks score it, and pages and files name it."""

import numpy as np

from center.assessment.cause_words import CHECKS
from edge_agent.picture_checks.checks import PictureChecks
from provisioning.contracts.config.processes import Checks
from provisioning.contracts.wire.messages import PictureCheck
from tests.architecture.additions.tree import Tree

KIND = "a health check: picture"
RUN_IN = "tests/edge_agent/picture_checks"


def add(tree: Tree) -> None:
    tree.after("provisioning/contracts/wire/messages.py", '    STRIPE = "stripe"\n', '    GREEN = "green"\n')
    tree.after("provisioning/contracts/config/camera.py", "    stripe: Relative = 0.5\n", "    green: Relative = 0.5\n")
    tree.before(
        "edge_agent/picture_checks/measures.py",
        "def low_contrast(view: View) -> float:\n",
        '''def green(view: View) -> float:
    """Mean of green over that of red and blue: 20 good, 100 bad."""
    blue, level, red = view.colour.reshape(-1, 3).mean(axis=0)
    return ramp(float(level - max(blue, red)), 20, 100)


''',
    )
    tree.before(
        "edge_agent/picture_checks/checks.py",
        "        scores[PictureCheck.FROZEN] = frozen\n",
        "        scores[PictureCheck.GREEN] = measures.green(view)\n",
    )
    tree.before(
        "center/assessment/cause_words.py",
        "    PictureCheck.STRIPE: Words(",
        '    PictureCheck.GREEN: Words("Green", "偏绿"),\n',
    )


def test_the_check_runs() -> None:
    street = np.random.default_rng(1).integers(90, 140, (360, 640, 3), dtype=np.uint8)
    green = street.copy()
    green[..., 1] += 110
    checks, name = PictureChecks(Checks()), PictureCheck("green")
    assert checks.consider(0, street)[name] == 0
    checks.consider(10_000, green)
    assert checks.consider(20_000, green)[name] == 1
    assert name in CHECKS
    assert vars(Checks())["green"] == 0.5
