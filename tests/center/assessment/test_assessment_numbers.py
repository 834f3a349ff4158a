"""What counts as good is said in numbers."""

from typing import Any

import pytest
from pydantic import ValidationError

from center.assessment.settings import Settings


@pytest.mark.parametrize("said", [{"online_minutes": True}, {"known_share": False}, {"weight": {"online": True}}])
def test_true_is_no_number(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="not true or false"):
        Settings.model_validate(said)
