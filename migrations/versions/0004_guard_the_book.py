"""Guard the book: balanced and append-only by the database itself

PostgreSQL proves at the end of each unit that every new transaction has lines which sum to zero, in the book
and in the memorandum alike. SQLite knows no deferred trigger: there `ledger.services.post`, the only writer,
and the nightly proof must do. On both, accounts and claimed keys never change, and an inbound message keeps
what came; only a forged one is cut down to its beginning, once.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEPT = ("inbox_keys", "ledger_accounts")
JOURNALS = ("audit_events", "listing_edits", "order_events", "postings", "stock_moves", "transactions")
NAMED = ("at", "id", "provider")

BALANCED = """
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked bigint;
    lines bigint;
    total numeric;
    beside numeric;
BEGIN
    IF TG_TABLE_NAME = 'transactions' THEN asked := NEW.id; ELSE asked := NEW.transaction_id; END IF;
    SELECT count(*), coalesce(sum(p.amount), 0), coalesce(sum(p.amount) FILTER (WHERE a.kind = 'M'), 0)
        INTO lines, total, beside
        FROM postings p JOIN ledger_accounts a ON a.id = p.account_id WHERE p.transaction_id = asked;
    IF lines = 0 OR total <> 0 OR beside <> 0 THEN
        RAISE EXCEPTION 'transaction % is not balanced', asked USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
"""

WHAT_CAME = """
CREATE FUNCTION keep_what_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.at, OLD.id, OLD.provider, OLD.headers::text) IS DISTINCT FROM
        (NEW.at, NEW.id, NEW.provider, NEW.headers::text)
        OR (OLD.body <> NEW.body AND NOT (OLD.verdict = 'received' AND NEW.verdict = 'rejected'
            AND substr(OLD.body, 1, length(NEW.body)) = NEW.body))
    THEN
        RAISE EXCEPTION 'inbox is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgresql()
    else:
        _upgrade_sqlite()


def _upgrade_postgresql() -> None:
    op.execute(BALANCED)
    for table in ("transactions", "postings"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_balanced AFTER INSERT ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced()"
        )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_to_change()"
        )
    for table in (*JOURNALS, *KEPT, "inbox"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change()"
        )
    op.execute(WHAT_CAME)
    op.execute(
        "CREATE TRIGGER inbox_kept BEFORE UPDATE ON inbox FOR EACH ROW EXECUTE FUNCTION keep_what_came()"
    )
    op.execute(
        "CREATE TRIGGER inbox_no_delete BEFORE DELETE ON inbox"
        " FOR EACH ROW EXECUTE FUNCTION refuse_to_change()"
    )


def _upgrade_sqlite() -> None:
    for table in (*KEPT, "inbox"):
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    other = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in (*NAMED, "headers"))
    op.execute(
        f"CREATE TRIGGER inbox_no_update BEFORE UPDATE ON inbox WHEN {other}"
        " OR (OLD.body IS NOT NEW.body AND NOT (OLD.verdict = 'received' AND NEW.verdict = 'rejected'"
        " AND substr(OLD.body, 1, length(NEW.body)) = NEW.body))"
        " BEGIN SELECT RAISE(ABORT, 'inbox is append-only'); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("transactions", "postings"):
            op.execute(f"DROP TRIGGER {table}_balanced ON {table}")
        for table in KEPT:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        for table in (*JOURNALS, *KEPT, "inbox"):
            op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        for name in ("inbox_kept", "inbox_no_delete"):
            op.execute(f"DROP TRIGGER {name} ON inbox")
        for function in ("refuse_unbalanced", "keep_what_came"):
            op.execute(f"DROP FUNCTION {function}()")
        return
    for table in (*KEPT, "inbox"):
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
