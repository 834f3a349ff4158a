"""Assessment: facts by the hour, register, districts, maintenance, settings."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MASKS = (
    "told",
    "offline",
    "looked",
    "abnormal",
    "pictured",
    "within_10s",
    "within_60s",
    "within_300s",
    "within_3600s",
)


def _camera_hour() -> list[sa.Column[object]]:
    return [*_camera(), sa.Column("hour", sa.Integer, primary_key=True)]


def _camera() -> list[sa.Column[object]]:
    return [
        sa.Column("agent_id", sa.String(63), primary_key=True),
        sa.Column("camera_id", sa.String(64), primary_key=True),
    ]


def upgrade() -> None:
    """Create the tables of the assessment."""
    _facts()
    op.create_table(
        "assessment_cameras",
        *_camera(),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("latitude", sa.Float),
        sa.Column("longitude", sa.Float),
        sa.Column("first_hour", sa.Integer, nullable=False),
        sa.Column("left_hour", sa.Integer),
    )
    op.create_table(
        "assessment_register",
        *_camera(),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("district", sa.String(64), nullable=False),
        sa.Column("gb_code", sa.String(64), nullable=False),
        sa.Column("latitude", sa.Float),
        sa.Column("longitude", sa.Float),
    )
    op.create_table(
        "assessment_districts",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("region", sa.String(8), nullable=False),
        sa.Column("outline", sa.Text, nullable=False),
    )
    op.create_table(
        "assessment_windows",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("district", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(64), nullable=False),
        sa.Column("from_ms", sa.BigInteger, nullable=False),
        sa.Column("to_ms", sa.BigInteger),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("entered_by", sa.String(64), nullable=False),
        sa.Column("entered_at_ms", sa.BigInteger, nullable=False),
        sa.Column("retroactive", sa.Boolean, nullable=False),
        sa.Column("ended_by", sa.String(64), nullable=False),
        sa.Column("withdrawn_by", sa.String(64), nullable=False),
        sa.Column("withdrawn_at_ms", sa.BigInteger),
    )
    op.create_table(
        "assessment_settings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger, nullable=False),
    )


def _facts() -> None:
    op.create_table(
        "assessment_hours",
        *_camera_hour(),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _MASKS),
        sa.Column("clock_sure_ms", sa.BigInteger),
        sa.Column("clock_most_ms", sa.BigInteger),
        *(sa.Column(f"{name}_n", sa.Integer, nullable=False) for name in _MASKS),
    )
    op.create_table(
        "assessment_causes",
        *_camera_hour(),
        sa.Column("cause", sa.String(48), primary_key=True),
        sa.Column("minutes", sa.BigInteger, nullable=False),
        sa.Column("minutes_n", sa.Integer, nullable=False),
    )
    op.create_table(
        "assessment_books",
        *_camera_hour(),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("at_ms", "selected", "archived", "rejected", "dropped", "duplicates", "in_flight")
        ),
    )
    op.create_table(
        "assessment_gaps",
        sa.Column("from_ms", sa.BigInteger, primary_key=True),
        sa.Column("cause", sa.String(24), primary_key=True),
        sa.Column("to_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "assessment_watch",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("looked_at_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables of the assessment."""
    for table in (
        "settings",
        "windows",
        "districts",
        "register",
        "cameras",
        "watch",
        "gaps",
        "books",
        "causes",
        "hours",
    ):
        op.drop_table(f"assessment_{table}")
