"""turned disputes"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATES = ("requested", "approved", "submitted", "succeeded", "failed", "asked", "sent", "confirmed", "disputed")


def _states(*names: str) -> str:
    return "state IN (" + ", ".join(f"'{name}'" for name in names) + ")"


def upgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("proposed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("proposed", sa.String(), server_default="", nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_cases_proposed_by"), "users", ["proposed_by"], ["id"])

    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("dispute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.drop_constraint(op.f("ck_refunds_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_refunds_state"), _states(*STATES, "undone"))
        batch_op.create_index("ix_refunds_dispute", ["dispute_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_refunds_dispute_id"), "disputes", ["dispute_id"], ["id"])
    # What a lost dispute took of an order has named it by the provider's number so far.
    op.execute(
        "UPDATE refunds SET dispute_id = (SELECT disputes.id FROM disputes WHERE"
        " disputes.payment_id = refunds.payment_id AND disputes.provider_ref = refunds.provider_ref)"
        " WHERE source LIKE 'part:dispute:%'"
    )



def downgrade() -> None:
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_refunds_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_refunds_state"), _states(*STATES))
        batch_op.drop_constraint(batch_op.f("fk_refunds_dispute_id"), type_="foreignkey")
        batch_op.drop_index("ix_refunds_dispute")
        batch_op.drop_column("dispute_id")

    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_cases_proposed_by"), type_="foreignkey")
        batch_op.drop_column("proposed")
        batch_op.drop_column("proposed_by")
