"""What waits at the money desk: bank lines, cases, refunds and payouts of every kind (see `scenes`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.actor import Actor
from app.core.codes import ALPHABET
from app.core.db import atomic, db
from app.flows import bank_refunds, bank_statements, paying_farmers
from app.flows.reconciling import Kind
from app.payments import cases, payout_queries
from app.payments import desk_queries as desk
from app.payments import services as moves
from app.payments.models import Refund
from app.payments.rules import RefundEvent
from app.shops import accounts
from app.users.rules import Role
from tests import banking, factories, statement_files
from tests.browser import scenes
from tests.browser.scenes import Household
from tests.paying_out import LIMIT, change_bank, make_earner

LONG = "MBVCB.3278907687.CONG TY TNHH MOT THANH VIEN XUAT NHAP KHAU NONG SAN XU LANG chuyen tien"
# What each kind of case has found; the subject of a waiting line is that line's own key.
FOUND: dict[Kind, dict[str, Any]] = {
    Kind.MESSAGE_LOST: {
        "provider": "momo",
        "ours": 0,
        "theirs": 240_000,
        "due": 240_000,
        "outcome": "applied",
    },
    Kind.THEY_SAY_MORE: {"provider": "vnpay", "ours": 100_000, "theirs": 120_000, "due": 120_000},
    Kind.WE_SAY_MORE: {"provider": "zalopay", "ours": 120_000, "theirs": 0, "due": 120_000},
    Kind.LINES_DIFFER: {"settled": 120_000, "lines": 0, "due": 120_000},
    Kind.LINE_WAITS: {"amount": 75_000, "direction": "in", "why": "no_code"},
    Kind.REFUND_IN_DOUBT: {"amount": 60_000, "state": "submitted"},
    Kind.CANNOT_ASK: {"provider": "vnpay", "error": "HTTPSConnectionPool: Read timed out (timeout=10)"},
}


@dataclass(frozen=True)
class Desk:
    """Two people at the desk, and what they can be shown. newcomers: with a role and no code app yet."""

    hanh: int
    quang: int
    newcomers: tuple[int, ...]
    batches: dict[str, str]
    refunds: dict[str, str]
    line: int
    case: str
    order: str


def people() -> tuple[int, int]:
    """Put a cashier and an operator at the desk."""
    return (
        factories.make_staff(Role.CASHIER, "Nguyễn Thu Hạnh").id,
        factories.make_staff(Role.OPERATOR, "Vi Văn Quang").id,
    )


def newcomers(count: int) -> tuple[int, ...]:
    return tuple(factories.make_staff(name="Lương Thị Mến", enrolled=False).id for _ in range(count))


def lines(home: Household, *, at: datetime, many: int = 0) -> int:
    """Let lines come that nobody can place, of every kind; gives one with a suggestion."""
    here = {"accountNumber": _number(home)}
    orders = [home.order(at, kilos) for kilos in (2, 3, 4)]
    one, two, three = (factories.payments_of(order)[0] for order in orders)
    elsewhere = factories.payments_of(home.order(at, pay_by="sandbox"))[0]
    slip = one.code[:5] + ALPHABET[(ALPHABET.index(one.code[5]) + 1) % len(ALPHABET)] + one.code[6:]
    for number in range(many):
        banking.transfer(f"tien hang lan {number + 1}", 5_000 * (number + 1), at=at)
    told: list[tuple[str, int, dict[str, Any]]] = [
        ("PHI DICH VU SMS THANG 11", 11_000, {"transferType": "out"}),
        ("CSABCDEFGH tien rau", 35_000, {}),
        (f"{two.code} va {three.code}", 250_000, here),
        (f"{three.code} MUA HANG", three.amount, {}),
        (f"{elsewhere.code} gui nha vuon", elsewhere.amount, {}),
        (f"CT {slip}", 12_000, here),
        ("", 20_000, {}),
        (LONG, 75_000, {}),
        ("chuyen tien mua hong", two.amount, here),
    ]
    for text, amount, more in told:
        banking.transfer(text, amount, at=at, **more)
    return desk.lines_waiting(limit=1)[0].id


def _number(home: Household) -> str:
    found = accounts.find_active(home.shop.id, at=factories.AT)
    assert found is not None
    return found.number


def statement(hanh: int, *, at: datetime) -> None:
    """Let a statement be read whole, and another one wait for the worker."""
    for number in range(2):
        row = statement_files.line(at, "tien rau", 15_000 + number, f"FT2632{number}")
        table = statement_files.as_csv(statement_files.rows(row))
        kept = bank_statements.keep(table, "vcb", Actor("user", hanh), at)
        if not number:
            bank_statements.take_part(kept.id, at=at)


def open_cases(order: str, *, at: datetime) -> str:
    """Open a case of each kind; gives the newest."""
    line = desk.lines_waiting(limit=2)[-1]
    code = ""
    for kind, found in FOUND.items():
        subject = line.transfer_key if kind is Kind.LINE_WAITS else order
        case = cases.open_once(kind, subject, found, at=at)
        code = case.code if case else code
    return code


def refunds(held: Household, hanh: int, quang: int, *, at: datetime) -> dict[str, str]:
    """Let refunds wait for each thing that the desk can do for them."""
    stage = {
        "nowhere": scenes.bank_refund(held, at=at, named=False),
        "first": scenes.bank_refund(held, at=at),
        "second": scenes.bank_refund(held, at=at, by=(hanh,)),
        "agreed": scenes.bank_refund(held, at=at, by=(hanh, quang)),
        "failed": scenes.bank_refund(held, at=at, by=(hanh, quang)),
        "unknown": scenes.bank_refund(held, at=at, by=()),
    }
    found = {name: scenes.refund_of(order) for name, order in stage.items()}
    bank_refunds.confirm_by_line(found["failed"].code, 60_000, "FT1", at=at, account="operator")
    bank_refunds.came_back(found["failed"].code, "FT2", at=at, account="operator")
    _forget(found["unknown"], at - timedelta(hours=30))
    return {name: refund.code for name, refund in found.items()}


def _forget(refund: Refund, at: datetime) -> None:
    """Let a provider never say what became of a refund."""
    with atomic():
        refund.way = "provider"
        moves.move_refund(refund, RefundEvent.SUBMIT, at=at)


def batches(hanh: int, quang: int, *, at: datetime) -> dict[str, str]:
    """Make a batch in each state; in the sent one each line went another way."""
    made = dict(_batches(Actor("user", hanh), Actor("user", quang), at))
    late = make_earner("Nhà măng ông Tài", owner=factories.make_user("Lộc Văn Tài"), number="8400987654321")
    change_bank(late, "0071000777777", at=at)
    make_earner("Trại gà cô Mai", owner=factories.make_user("Vi Thị Mai"), number="8400555666777")
    return made


def _batches(hanh: Actor, quang: Actor, at: datetime) -> Iterator[tuple[str, str]]:
    for one, head in enumerate(("Lý Thị Nga", "Chu Văn Bảo", "Đàm Thị Yến", "Bế Văn Long")):
        owner = factories.make_user(head)
        name, number = f"Vườn na nhà {head.split()[-1]}", f"84001112223{one}4"
        make_earner(name, 150_000 + 50_000 * one, number, owner=owner)
    sent = paying_farmers.draft(actor=hanh, at=at)
    paying_farmers.approve(sent.code, two_above=LIMIT, actor=quang, at=at)
    paying_farmers.release(sent.code, actor=quang, at=at)
    first, second, third, _ = list(payout_queries.payouts_of(sent.id))[-4:]
    for payout in (first, second):
        paying_farmers.confirm(payout.code, payout.amount, f"FT26329{payout.id:06d}", at)
    paying_farmers.fail(second.code, reason="Ngân hàng trả lại", actor=quang, at=at)
    paying_farmers.fail(third.code, reason="Sai số tài khoản", actor=quang, at=at)
    yield "sent", sent.code
    make_earner("Đồi chè bà Liên", 320_000, "84007778889", owner=factories.make_user("Mông Thị Liên"))
    given_up = paying_farmers.draft(actor=hanh, at=at)
    paying_farmers.cancel(given_up.code, actor=hanh, at=at)
    yield "given_up", given_up.code
    approved = paying_farmers.draft(actor=hanh, at=at)
    paying_farmers.approve(approved.code, two_above=LIMIT, actor=quang, at=at)
    yield "approved", approved.code
    make_earner("Khung dệt chị Thắm", 640_000, "84004445556", owner=factories.make_user("Triệu Thị Thắm"))
    yield "draft", paying_farmers.draft(actor=quang, at=at).code
    make_earner("Rừng hồi ông Hưng", LIMIT, "84001231231", owner=factories.make_user("Hứa Văn Hưng"))
    large = paying_farmers.draft(actor=hanh, at=at)
    paying_farmers.approve(large.code, two_above=LIMIT, actor=hanh, at=at)
    yield "half", large.code


def whole(home: Household, held: Household, *, at: datetime, many: int = 0) -> Desk:
    """Fill the desk."""
    hanh, quang = people()
    order = scenes.delivered(held, at=at, pay_by="sandbox")
    statement(hanh, at=at)
    line = lines(home, at=at, many=many)
    made = Desk(
        hanh=hanh,
        quang=quang,
        newcomers=newcomers(2),
        batches=batches(hanh, quang, at=at),
        refunds=refunds(held, hanh, quang, at=at),
        line=line,
        case=open_cases(order.code, at=at),
        order=order.code,
    )
    db.session.commit()
    return made
