"""Defines the direction in which a camera looks."""

from typing import Annotated

from pydantic import Field

Bearing = Annotated[float, Field(ge=0, lt=360, allow_inf_nan=False)]
"""Degrees clockwise from true north, of the middle of the picture: 90 looks east."""
