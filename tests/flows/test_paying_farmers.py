"""Payouts: what the book owes, once, to the account that was approved, and done when the bank shows it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import SYSTEM
from app.core.db import db
from app.flows import giving_back, money_page, payout_orders
from app.flows import paying_farmers as flow
from app.ledger import queries as ledger
from app.ledger.services import post
from app.orders.models import Order
from app.payments import payout_queries as queries
from app.payments.payout_models import Payout, PayoutBatch
from app.payments.payout_rules import BatchState, PayoutState
from app.users.models import AuditEvent
from app.users.rules import Role
from tests import invariants
from tests.factories import AT, later, make_shop, make_staff
from tests.paying_out import LIMIT, acting, change_bank, earn, give_bank, make_earner, released

DUE = 230_000  # of one order: the goods and the courier's fee


@pytest.fixture
def desk(app: Flask):
    """Hạnh and Quang at the money desk."""
    return make_staff(Role.CASHIER, "Hạnh"), make_staff(Role.OPERATOR, "Quang")


def one(batch: PayoutBatch) -> Payout:
    (payout,) = queries.payouts_of(batch.id)
    return payout


def owed(code: str) -> int:
    return -ledger.balance("L", "seller_payable", code)


def under_way(code: str) -> int:
    return -ledger.balance("A", "payout_transit", code)


def test_a_payout_goes_from_the_book_to_the_bank_line(desk) -> None:
    hanh, quang = desk
    shop = make_earner()
    assert owed(shop.code) == DUE
    batch = released(drafter=hanh, second=quang)
    payout = one(batch)
    assert (payout.state, payout.amount, batch.total) == (PayoutState.SENT, DUE, DUE)
    money = money_page.of_shop(shop)
    assert (money.coming, money.in_transit, money.received) == (0, DUE, 0), (
        "not received before the bank says so"
    )
    assert flow.confirm(payout.code, DUE, "FT1", later(hours=1))
    money = money_page.of_shop(shop)
    assert (money.coming, money.in_transit, money.received) == (0, 0, DUE)
    assert flow.confirm(payout.code, DUE, "FT1", later(hours=2)) is False, "the same line again"
    with pytest.raises(flow.PayoutMoved):
        flow.confirm(payout.code, DUE, "FT2", later(hours=2))
    assert under_way(shop.code) == 0 and ledger.balance("A", "bank", "operator") == 0
    invariants.check()


def test_only_the_right_sum_confirms(desk) -> None:
    make_earner()
    payout = one(released(drafter=desk[0], second=desk[1]))
    with pytest.raises(flow.WrongPayoutAmount):
        flow.confirm(payout.code, DUE - 1, "FT1", AT)
    assert queries.get(payout.code).state == PayoutState.SENT and under_way(payout.shop_code) == DUE


def test_a_second_draft_finds_nothing_until_more_is_earned(desk) -> None:
    hanh, quang = desk
    shop = make_earner()
    first = flow.draft(actor=acting(hanh), at=AT)
    with pytest.raises(flow.NothingToPay):
        flow.draft(actor=acting(quang), at=AT)
    earn(shop)
    with pytest.raises(flow.NothingToPay):
        flow.draft(actor=acting(quang), at=AT)  # the new money waits for the next settlement
    assert flow.approve(first.code, two_above=LIMIT, actor=acting(hanh), at=AT)
    assert flow.release(first.code, actor=acting(hanh), at=AT)
    second = flow.draft(actor=acting(quang), at=AT)
    assert (one(first).amount, one(second).amount) == (DUE, DUE)
    assert (one(first).settlement_no, one(second).settlement_no) == (1, 2)


def test_43_above_the_limit_one_person_does_not_get_money_out(desk) -> None:
    hanh, quang = desk
    make_earner(price=LIMIT)  # with the courier's fee it is above
    batch = flow.draft(actor=acting(hanh), at=AT)
    assert batch.total > LIMIT
    for _ in range(3):
        try:
            assert not flow.approve(batch.code, two_above=LIMIT, actor=acting(hanh), at=AT)
        except flow.SecondPersonNeeded:
            continue
    with pytest.raises(flow.BatchMoved):
        flow.release(batch.code, actor=acting(hanh), at=AT)
    assert one(batch).state == PayoutState.DRAFT
    assert flow.approve(batch.code, two_above=LIMIT, actor=acting(quang), at=AT)
    assert flow.release(batch.code, actor=acting(hanh), at=AT)
    # Control: at the limit itself one person is enough.
    make_earner("Vườn khác", number="123456789")
    small = flow.draft(actor=acting(hanh), at=AT)
    assert small.total <= LIMIT and flow.approve(small.code, two_above=LIMIT, actor=acting(hanh), at=AT)


def test_the_drafter_is_never_the_second(desk) -> None:
    hanh, quang = desk
    make_earner(price=LIMIT)
    batch = flow.draft(actor=acting(hanh), at=AT)
    assert flow.approve(batch.code, two_above=LIMIT, actor=acting(quang), at=AT) is False
    with pytest.raises(flow.SecondPersonNeeded):
        flow.approve(batch.code, two_above=LIMIT, actor=acting(hanh), at=AT)
    third = make_staff(Role.OPERATOR, "Thu")
    assert flow.approve(batch.code, two_above=LIMIT, actor=acting(third), at=AT)


def test_who_has_no_account_or_a_fresh_change_is_not_paid(desk) -> None:
    hanh, quang = desk
    without = make_shop("Không tài khoản")
    earn(without)
    shop = make_earner()
    change_bank(shop, "0071000123456", at=later(hours=1))
    obstacles = {due.shop.id: due.obstacle for due in flow.due(at=later(hours=2))}
    assert obstacles == {without.id: "account", shop.id: "frozen"}
    with pytest.raises(flow.NothingToPay):
        flow.draft(actor=acting(hanh), at=later(hours=24))
    # After its day the new account is paid, and only that one.
    batch = released(drafter=hanh, second=quang, at=later(hours=26))
    assert one(batch).last4 == "3456" and one(batch).bank == "Vietcombank"


def test_an_account_changed_after_approval_takes_the_payout_out(desk) -> None:
    hanh, quang = desk
    shop = make_earner()
    batch = flow.draft(actor=acting(hanh), at=AT)
    flow.approve(batch.code, two_above=LIMIT, actor=acting(quang), at=AT)
    change_bank(shop, "0071000123456", at=later(hours=1))
    flow.release(batch.code, actor=acting(hanh), at=later(hours=2))
    assert (one(batch).state, one(batch).reason) == (PayoutState.CANCELLED, "frozen")
    assert owed(shop.code) == DUE and under_way(shop.code) == 0
    again = flow.draft(actor=acting(hanh), at=later(hours=26))
    flow.approve(again.code, two_above=LIMIT, actor=acting(hanh), at=later(hours=26))
    assert flow.release(again.code, actor=acting(hanh), at=later(hours=26)) and one(again).state == "sent"


@pytest.mark.parametrize("confirmed", [False, True])
def test_what_fails_or_comes_back_is_owed_again_and_locks_the_account(desk, confirmed: bool) -> None:
    hanh, quang = desk
    shop = make_earner()
    payout = one(released(drafter=hanh, second=quang))
    if confirmed:
        flow.confirm(payout.code, DUE, "FT1", AT)
    state = flow.fail(payout.code, reason="Sai số tài khoản", actor=acting(hanh), at=later(days=1))
    assert state == (PayoutState.RETURNED if confirmed else PayoutState.FAILED)
    money = money_page.of_shop(shop)
    assert (money.coming, money.in_transit, money.received) == (DUE, 0, 0)
    assert ledger.balance("A", "bank", "operator") == DUE
    with pytest.raises(flow.PayoutMoved):
        flow.fail(payout.code, reason="nữa", actor=acting(hanh), at=later(days=1))
    with pytest.raises(flow.PayoutMoved):
        flow.confirm(payout.code, DUE, "FT9", later(days=1))
    assert [due.obstacle for due in flow.due(at=later(days=1))] == ["locked"]
    with pytest.raises(flow.NothingToPay):
        flow.draft(actor=acting(hanh), at=later(days=1))
    flow.unlock(shop.code, actor=acting(quang), at=later(days=1))
    again = released(drafter=hanh, second=quang, at=later(days=1))
    assert one(again).settlement_no == 2 and flow.confirm(one(again).code, DUE, "FT3", later(days=2))
    invariants.check()


@pytest.mark.parametrize("confirmed", [False, True])
def test_what_a_buyer_got_back_meanwhile_is_not_paid_out_after_all(desk, confirmed: bool) -> None:
    hanh, quang = desk
    shop = make_earner()
    payout = one(released(drafter=hanh, second=quang))
    if confirmed:
        flow.confirm(payout.code, DUE, "FT1", AT)
    order = db.session.scalars(select(Order).where(Order.shop_id == shop.id)).one()
    giving_back.give_back(order, key="k1", wanted={}, amount=60_000, actor=SYSTEM, at=AT)
    assert ledger.balance("A", "seller_recv", shop.code) == 60_000, "the money was away: it is a debt"
    flow.fail(payout.code, reason="Sai số tài khoản", actor=acting(hanh), at=later(days=1))
    assert (owed(shop.code), ledger.balance("A", "seller_recv", shop.code)) == (DUE - 60_000, 0)
    flow.unlock(shop.code, actor=acting(quang), at=later(days=1))
    assert one(released(drafter=hanh, second=quang, at=later(days=1))).amount == DUE - 60_000
    invariants.check()


def test_a_batch_given_up_frees_its_money(desk) -> None:
    hanh, _ = desk
    shop = make_earner()
    batch = flow.draft(actor=acting(hanh), at=AT)
    flow.cancel(batch.code, actor=acting(hanh), at=AT)
    assert (one(batch).state, queries.get_batch(batch.code).state) == ("cancelled", BatchState.CANCELLED)
    for call in (flow.release, flow.cancel):
        with pytest.raises(flow.BatchMoved):
            call(batch.code, actor=acting(hanh), at=AT)
    assert owed(shop.code) == DUE
    assert one(flow.draft(actor=acting(hanh), at=AT)).settlement_no == 2


def test_less_due_than_approved_is_not_sent(desk) -> None:
    """A refund after delivery takes from what the household has earned, in the meantime."""
    hanh, quang = desk
    shop = make_earner()
    batch = flow.draft(actor=acting(hanh), at=AT)
    flow.approve(batch.code, two_above=LIMIT, actor=acting(quang), at=AT)
    from_payable = [
        (("L", "seller_payable", shop.code), 1_000),
        (("L", "refunds_payable", shop.code), -1_000),
    ]
    assert post("R2", "HTTEST", from_payable, at=AT)
    flow.release(batch.code, actor=acting(hanh), at=AT)
    assert (one(batch).state, one(batch).reason) == (PayoutState.CANCELLED, "less_due")


def test_numbers_are_read_only_of_a_released_batch_and_each_reading_leaves_a_line(desk) -> None:
    hanh, quang = desk
    shop = make_earner()
    batch = flow.draft(actor=acting(hanh), at=AT)
    with pytest.raises(flow.BatchMoved):
        payout_orders.instructions(batch.code, why="file", actor=acting(hanh), at=AT)
    flow.approve(batch.code, two_above=LIMIT, actor=acting(quang), at=AT)
    flow.release(batch.code, actor=acting(quang), at=AT)
    read = select(AuditEvent).where(AuditEvent.kind == "bank_account_read")
    assert db.session.scalars(read).all() == []
    (line,) = payout_orders.instructions(batch.code, why="file", actor=acting(hanh), at=AT)
    (event,) = db.session.scalars(read).all()
    assert (event.actor_id, event.subject) == (hanh.id, shop.code)
    assert line.memo.startswith(one(batch).code) and line.holder.isascii() and line.holder.isupper()
    assert line.number not in repr(line) and line.number not in one(batch).sealed_number
    flow.confirm(one(batch).code, DUE, "FT1", AT)
    assert payout_orders.instructions(batch.code, why="file", actor=acting(hanh), at=AT) == []


def test_an_outgoing_line_proves_a_payout_or_waits_for_a_person(desk) -> None:
    class Line:
        amount, reference = DUE, "FT7"

    make_earner()
    payout = one(released(drafter=desk[0], second=desk[1]))
    assert flow.proves(Line(), "CT00000000", AT) is False
    assert flow.proves(Line(), payout.code, AT + timedelta(hours=1)) is True
    assert queries.get(payout.code).bank_reference == "FT7"


def test_a_bank_account_can_be_given_later(desk) -> None:
    shop = make_shop("Mới mở")
    earn(shop)
    give_bank(shop, at=later(hours=1))
    assert [due.obstacle for due in flow.due(at=later(hours=1))] == [None]
