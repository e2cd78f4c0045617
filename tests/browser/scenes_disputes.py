"""Cards' banks that take money back, decide, and decide anew; money that went back beyond what was owed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.core import clock
from app.core.actor import GUEST, SYSTEM, Actor
from app.core.db import atomic, db
from app.flows import bank_refunds, deciding, fulfilment, giving_back, refunding, settlement
from app.orders.models import Order
from app.payments import services as moves
from app.payments.models import Case, Payment, Refund
from app.payments.providers.base import DisputeNow, Event, Fact
from app.payments.rules import RefundEvent
from tests import banking, factories
from tests.browser import scenes, scenes_desk
from tests.browser.album import Album
from tests.browser.market import Market
from tests.browser.scenes import Household

FEE, MUCH = 375_000, 10**12


@dataclass(frozen=True)
class Disputed:
    """Orders by what became of their money, and a case that one person has agreed to."""

    orders: dict[str, Order]
    proposed: str


def bought(home: Household, *, at: datetime, arrived: bool = True) -> Order:
    """Let an order be paid by card, and arrive."""
    if arrived:
        return scenes.delivered(home, at=at, pay_by="stripe")
    order = home.order(at, pay_by="stripe")
    return scenes.line(order, order.total, at=at)


def bank_says(order: Order, *ends: str, at: datetime) -> None:
    """Let the bank of whoever paid take all of it, and say how it ends, one after the other."""
    (payment,) = factories.payments_of(order)
    for end in ends:
        taken, fee = (0 if end == "won" else order.total), FEE
        now = DisputeNow(end, taken, fee, "fraudulent", at + timedelta(days=9))
        _tell(payment, Fact.DISPUTED, f"du_1{payment.code}", order.total, at, now)


def _tell(
    payment: Payment, fact: Fact, ref: str, amount: int, at: datetime, dispute: DisputeNow | None = None
) -> None:
    key = f"scene:{ref}:{dispute}"
    said = Event(payment.provider, fact, key, payment.code, amount, "VND", at, provider_ref=ref)
    settlement.settle(replace(said, dispute=dispute), message_id=0, at=at)


def too_much(home: Household, *, at: datetime) -> Order:
    """Let a part be owed back when somebody sends more than all at the provider's own desk."""
    order = bought(home, at=at)
    giving_back.give_back(order, key=f"scene-{order.code}", wanted={}, amount=30_000, actor=SYSTEM, at=at)
    _refused(scenes.refund_of(order), at)
    (payment,) = factories.payments_of(order)
    _tell(payment, Fact.REFUNDED, f"re_1{payment.code}", order.total + 15_000, at)
    return order


def _refused(refund: Refund, at: datetime) -> None:
    """Let the provider say no, so that the worker does not go on with it."""
    with atomic():
        moves.move_refund(refund, RefundEvent.SUBMIT, at=at)
    refunding.settle(refund.code, done=False, at=at)


def by_bank(home: Household, people: tuple[int, int], *, at: datetime) -> Order:
    """Let two people agree to a refund by bank, which then the bank of the card pays."""
    order = bought(home, at=at, arrived=False)
    fulfilment.cancel(order, actor=GUEST, at=at)
    refund = scenes.refund_of(order)
    _refused(refund, at)
    bank_refunds.send_by_bank(refund.code, actor=SYSTEM, at=at)
    scenes.name_account(order, at=at)
    for user_id in people:
        bank_refunds.approve(refund.code, actor=Actor("user", user_id), at=at)
    bank_says(order, "lost", at=at)
    return order


def case_of(kind: str, order: Order) -> Case:
    (payment,) = factories.payments_of(order)
    known = db.session.query(Case).filter_by(kind=kind).order_by(Case.id.desc())
    return next(case for case in known if case.found["payment"] == payment.code)


def book(kind: str, order: Order, who: int, *, at: datetime, **more: Any) -> str:
    """Let somebody press; gives the case."""
    case = case_of(kind, order)
    plan = deciding.plan_of(case)
    assert plan is not None
    usual = {"reason": "Đã đối chiếu với trang của Stripe", "two_above": MUCH}
    deciding.book(case.code, figures=plan.figures, actor=Actor("user", who), at=at, **(usual | more))
    return case.code


def whole(home: Household, hanh: int, quang: int, *, at: datetime) -> Disputed:
    """Let disputes stand in every way that they can."""
    found = {name: bought(home, at=at) for name in ("open", "won", "lost", "turned", "turned_lost", "undone")}
    bank_says(found["open"], "open", at=at)
    bank_says(found["won"], "won", at=at)
    bank_says(found["lost"], "lost", at=at)
    bank_says(found["turned"], "lost", "won", at=at)
    bank_says(found["turned_lost"], "won", "lost", at=at)
    bank_says(found["undone"], "lost", "won", at=at)
    book("dispute_turned", found["undone"], hanh, at=at)
    found["too_much"], found["beyond"] = too_much(home, at=at), too_much(home, at=at)
    book("refund_too_much", found["beyond"], hanh, at=at)
    for name in ("paid_by_bank", "agreed", "written_off"):
        found[name] = by_bank(home, (hanh, quang), at=at)
    proposed = book("refund_and_dispute", found["agreed"], quang, at=at)
    for who in (hanh, quang):
        book("refund_and_dispute", found["written_off"], who, at=at)
    banking.transfer("CHO SO NOP BU PHI", 2_000_000, at=at)
    db.session.commit()
    return Disputed(found, proposed)


def photograph(album: Album, market: Market) -> None:
    """Disputes in every state: at the desk, where they are booked, and where buyer and household see them."""
    at = clock.now()
    with market.app().app_context():
        home = scenes.household("Vườn mắc mật bà Thoa", "Hứa Thị Thoa", settlement="held")
        hanh, quang = scenes_desk.people()
        made = whole(home, hanh, quang, at=at)
        links = {name: scenes.order_page(order) for name, order in made.orders.items()}
        codes = {name: order.code for name, order in made.orders.items()}
        sales = {name: f"/ban/don/{codes[name]}" for name in ("lost", "undone")}
        desk, shop = (
            scenes.cookie(market.app(), who, market.address, proven=who == hanh)
            for who in (hanh, home.user_id)
        )
    album.page.context.add_cookies([desk])
    cases = "/quan-tri/vu-viec"
    for path in (cases, "/quan-tri/hoan-tien", "/quan-tri/cong-thanh-toan", "/quan-tri/sao-ke"):
        album.take(path)
    album.take(f"/quan-tri/so-cai?q={codes['undone']}", "undone")
    for done in ("booked", "proposed"):
        album.take(f"{cases}?xong={done}", done)
    album.say("refused", cases, "form[action*='/ghi-so']:has([name=reason])", reason=" ")
    for name in ("lost", "undone", "written_off", "paid_by_bank"):
        album.take(links[name], name)
    album.page.context.add_cookies([shop])
    for name, path in sales.items():
        album.take(path, name)
    album.take("/ban/tien")
