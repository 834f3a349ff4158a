"""One table of districts: region code and outline stand beside id and name (docs/decisions/0016)."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_DISTRICTS = sa.table(
    "districts",
    sa.column("district_id", sa.String),
    sa.column("name", sa.String),
    sa.column("region", sa.String),
    sa.column("outline", sa.Text),
)
_ASSESSED = sa.table(
    "assessment_districts",
    sa.column("name", sa.String),
    sa.column("region", sa.String),
    sa.column("outline", sa.Text),
)


def upgrade() -> None:
    """Join the assessment's districts by name; one without a namesake becomes a district of its own.

    Of several districts of one name the first by id is taken. No id changes, so that references to districts hold.
    """
    op.add_column("districts", sa.Column("region", sa.String(8)))
    op.add_column("districts", sa.Column("outline", sa.Text))
    connection = op.get_bind()
    for name, region, outline in connection.execute(sa.select(_ASSESSED)).all():
        said = {"region": region, "outline": outline}
        first = sa.select(sa.func.min(_DISTRICTS.c.district_id)).where(_DISTRICTS.c.name == name)
        district_id = connection.scalar(first)
        if district_id is None:
            district_id = f"d-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
            connection.execute(sa.insert(_DISTRICTS).values(district_id=district_id, name=name, **said))
        else:
            connection.execute(sa.update(_DISTRICTS).where(_DISTRICTS.c.district_id == district_id).values(**said))
    op.drop_table("assessment_districts")


def downgrade() -> None:
    """Give the assessment its own table again; a district that came from it stays in both."""
    op.create_table(
        "assessment_districts",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("region", sa.String(8), nullable=False),
        sa.Column("outline", sa.Text, nullable=False),
    )
    kept = sa.select(_DISTRICTS.c.name, _DISTRICTS.c.region, _DISTRICTS.c.outline)
    op.get_bind().execute(
        sa.insert(_ASSESSED).from_select(["name", "region", "outline"], kept.where(_DISTRICTS.c.region.is_not(None)))
    )
    op.drop_column("districts", "outline")
    op.drop_column("districts", "region")
