"""A hard morning at the money desk: statements that stopped, long lists, names that do not fit."""

from datetime import datetime, timedelta

from sqlalchemy import update

from app.core import leases
from app.core.actor import Actor
from app.core.db import atomic, db
from app.flows import bank_feed, bank_statements, paying_farmers
from app.notices import services as notices
from app.notices.models import Sending
from app.notices.rules import Kind as Notice
from app.payments import cases
from app.payments.statement_models import Statement, StatementPart
from app.users.rules import Role
from tests import banking, factories, statement_files
from tests.paying_out import make_earner

ENDLESS = "CHUYENTIENMUAHANGNONGSANXULANGCHOCHISIMVAANHPAOKHONGCODAUCACHNAO" * 2
WORDY = "Hợp tác xã nông nghiệp hữu cơ và du lịch sinh thái cộng đồng thôn Khuổi Nọi, xã Vũ Lăng"
HEAD = "Hoàng Nguyễn Thị Thanh Phương Thảo"
COLUMNS = statement_files.TITLES["vcb"]


def statements(hanh: int, *, at: datetime) -> dict[str, str]:
    """Let a statement stand in each state that a worker can leave it in; gives their codes."""
    made = {
        name: _kept(hanh, name, count, at)
        for name, count in (("moving", 240), ("stopped", 12), ("sealed", 5), ("empty", 0), ("done", 3))
    }
    _stop(made["stopped"], at)
    with atomic():
        sealed = update(StatementPart).where(StatementPart.statement_id == made["sealed"].id)
        db.session.execute(sealed.values(sealed_lines="broken"))
    bank_statements.take_part(made["sealed"].id, at=at)
    bank_statements.take_part(made["done"].id, at=at)
    bank_statements.take_part(made["moving"].id, at=at)
    # The worker of this market must not go on while it is photographed.
    until = at + timedelta(hours=2)
    leases.put_off(Statement, made["moving"].id, at=at, until=until, error="OperationalError")
    return {name: one.code for name, one in made.items()}


def _kept(hanh: int, name: str, count: int, at: datetime) -> Statement:
    rows = [
        statement_files.line(at, f"tien rau {name} {number}", 15_000 + number, f"FT{name}{number}")
        for number in range(count)
    ]
    table = statement_files.as_csv(statement_files.rows(*rows))
    return bank_statements.keep(table, "vcb", Actor("user", hanh), at)


def _stop(statement: Statement, at: datetime) -> None:
    """Let the first line of a statement be one that cannot be settled."""
    real = bank_feed.enter

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError

    bank_feed.enter = refuse  # type: ignore[assignment]
    try:
        bank_statements.take_part(statement.id, at=at)
    finally:
        bank_feed.enter = real


def unreadable() -> dict[str, bytes]:
    """Give files that no statement can be read from: what the desk answers to each is looked at."""
    when = "25/11/2026"
    good = (when, "FT1", "", 20_000, "", "tien rau")
    return {
        "row": statement_files.as_csv(statement_files.rows(good, ("hôm qua", "FT2", "", 1_000, "", "x"))),
        "sum": statement_files.as_csv(statement_files.rows(good, (when, "FT2", "", "mười", "", "x"))),
        "columns": b"Ten,Que\r\nLan,Lang Son\r\n",
        "type": b"%PDF-1.7 \x00\x00 no table",
        "nobody": statement_files.as_csv([COLUMNS, good]),
    }


def too_long(*, at: datetime) -> None:
    """Let lines, a household and a buyer have names and memos that are longer than any place for them."""
    banking.transfer(ENDLESS[:140], 999_999_999_999, at=at)
    owner = factories.make_user(HEAD)
    make_earner(WORDY, 1_250_000, "8400999911112222333", owner=owner)


def many_cases(subject: str, count: int, *, at: datetime) -> None:
    """Open more cases than a page holds."""
    for number in range(count):
        found = {"provider": "vnpay", "ours": 100_000 + number, "theirs": 120_000, "due": 120_000}
        cases.open_once("they_say_more", f"{subject}-{number}", found, at=at)


def many_payouts(count: int, *, at: datetime) -> str:
    """Approve one batch of many households; gives its code."""
    for number in range(count):
        owner = factories.make_user(f"Hoàng Thị {number}")
        make_earner(f"Vườn na nhà số {number + 1}", 100_000, f"84007770{number:05d}", owner=owner)
    drafter = factories.make_staff(Role.CASHIER, "Bế Thị Vân")
    return paying_farmers.draft(actor=Actor("user", drafter.id), at=at).code


def unsent(person: int, order: str, *, at: datetime, many: int = 34) -> None:
    """Let messages be given up: of a person without a phone, of a guest, codes, and more than a page."""
    told = [
        notices.enqueue(kind=Notice.REFUND_STUCK, user_id=person, facts={"refund": "HT1"}, at=at),
        notices.enqueue(kind=Notice.CODE, phone="+84912345678", secret="123456", at=at),
        *(
            notices.enqueue(kind=Notice.ORDER_PAID, phone=f"+849123{n:05d}", facts={"code": order}, at=at)
            for n in range(many)
        ),
    ]
    for sending in told:
        error = "NoPhone" if sending.user_id else "ConnectionError"
        leases.put_off(Sending, sending.id, at=at, until=None, error=error)
