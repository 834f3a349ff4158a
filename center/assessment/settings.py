"""Thresholds of the assessment: defaults until a user changes them; each change is audited with the values before."""

from collections.abc import Callable
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from center.assessment.indicators import Indicator
from center.assessment.tables import SettingsRecord
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
_ROW: Final = 1


class Settings(BaseModel):
    """Thresholds and limits. Facts do not depend on them: a change holds for every period, past ones too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pass_at: dict[Indicator, Share] = Field(
        default_factory=lambda: {
            Indicator.ONLINE: 0.95,
            Indicator.CLOCK: 0.95,
            Indicator.TIMELINESS: 0.9,
            Indicator.PICTURE: 0.95,
            Indicator.PLACE: 1.0,
            Indicator.CODE: 1.0,
            Indicator.SNAPSHOT: 0.95,
            Indicator.DELIVERY: 0.98,
            Indicator.COMPLETENESS: 1.0,
        }
    )
    """Rate from which an indicator passes."""
    weight: dict[Indicator, Weight] = Field(default_factory=lambda: dict.fromkeys(Indicator, 1.0))
    """Weight of an indicator in the score; 0 leaves it out."""
    known_share: Share = 0.5
    """Share of the hours or minutes that must be known for a verdict; with less it is unknown."""
    clock_ms: int = Field(default=5_000, ge=100, le=86_400_000)
    """Milliseconds by which a camera's clock may deviate from the centre's."""
    timely_s: Literal[10, 60, 300, 3600] = 60
    """Seconds after its capture within which the hint of a timely picture comes."""
    online_minutes: int = Field(default=55, ge=1, le=60)
    """Minutes online from which an hour must have a picture."""
    latitude_from: float = Field(default=3.0, ge=-90, le=90)
    latitude_to: float = Field(default=54.0, ge=-90, le=90)
    longitude_from: float = Field(default=73.0, ge=-180, le=180)
    longitude_to: float = Field(default=136.0, ge=-180, le=180)
    """Bounds of plausible places; by default they hold China."""
    cameras_a_place: int = Field(default=1, ge=1, le=100)
    """Cameras that may stand at one place, to a metre, before it counts as copied."""
    retroactive_h: int = Field(default=24, ge=0, le=24 * 366)
    """Hours after its begin from which newly entered maintenance is marked retroactive."""
    zone_h: int = Field(default=8, ge=-12, le=14)
    """Days and months begin at midnight of this zone, hours east of UTC."""

    @field_validator("*", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        # To Python `true` is 1; to JSON, and to its sender, it is no number.
        inside = value.values() if isinstance(value, dict) else (value,)
        if any(isinstance(each, bool) for each in inside):
            raise ValueError("a number, and not true or false")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name, table in (("pass_at", self.pass_at), ("weight", self.weight)):
            missing = [indicator.value for indicator in Indicator if indicator not in table]
            if missing:
                raise ValueError(f"{name}: give every indicator, missing: {', '.join(missing)}")
        if not any(self.weight.values()):
            raise ValueError("weight: at least one indicator must weigh something")
        if self.latitude_from >= self.latitude_to or self.longitude_from >= self.longitude_to:
            raise ValueError("the plausible latitudes and longitudes each go from the smaller to the larger")
        return self


class SettingsBook:
    """Stores the settings in force. Blocks: call it from a worker thread."""

    def __init__(self, store: Store, audit: Audit, now_ms: NowMs, before_change: Callable[[], None]) -> None:
        """`before_change` is called before each change: it freezes months that are due."""
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._before_change = before_change

    def load(self) -> Settings:
        """Reads the settings in force.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        with self._store.transaction() as session:
            record = session.get(SettingsRecord, _ROW)
        return Settings() if record is None else Settings.model_validate_json(record.settings)

    def change(self, settings: Settings, *, actor: str) -> Settings:
        """Puts other settings in force; the audit has what differs, before and after.

        Raises:
            StoreUnavailableError: nothing was changed.
        """
        self._before_change()
        before, after = (each.model_dump(mode="json") for each in (self.load(), settings))
        changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        with self._store.transaction() as session:
            session.merge(
                SettingsRecord(
                    id=_ROW, settings=settings.model_dump_json(), changed_by=actor, changed_at_ms=self._now_ms()
                )
            )
            self._audit.add(session, actor, "assessment.settings", changed)
        return settings
