"""refunds by hand: ways, tries, the buyer's account, two people's yes"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATES = ("requested", "submitted", "succeeded", "failed", "asked", "sent", "confirmed", "disputed")
WAYS = ("household", "provider", "bank")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN (" + ", ".join(f"'{value}'" for value in values) + ")"


def upgrade() -> None:
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("way", sa.String(), nullable=False, server_default="provider"))
        batch_op.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(op.f("ck_refunds_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_refunds_state"), _one_of("state", (*STATES, "approved")))
        batch_op.create_check_constraint(op.f("ck_refunds_way"), _one_of("way", WAYS))
    op.execute("UPDATE refunds SET way = 'household' WHERE settlement = 'direct'")
    op.create_table(
        "refund_accounts",
        sa.Column(
            "refund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("bank_bin", sa.String(), nullable=False),
        sa.Column("sealed_number", sa.String(), nullable=False),
        sa.Column("sealed_holder", sa.String(), nullable=False),
        sa.Column("last_digits", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_accounts_refund_id")),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_refund_accounts")),
    )
    op.create_table(
        "refund_approvals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("step IN (1, 2)", name=op.f("ck_refund_approvals_step")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_approvals_refund_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_refund_approvals_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_approvals")),
        sa.UniqueConstraint(
            "refund_id", "tries", "step", name=op.f("uq_refund_approvals_refund_id_tries_step")
        ),
        sa.UniqueConstraint(
            "refund_id", "tries", "user_id", name=op.f("uq_refund_approvals_refund_id_tries_user_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("refund_approvals")
    op.drop_table("refund_accounts")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_refunds_way"), type_="check")
        batch_op.drop_constraint(op.f("ck_refunds_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_refunds_state"), _one_of("state", STATES))
        batch_op.drop_column("flagged_at")
        batch_op.drop_column("tries")
        batch_op.drop_column("way")
