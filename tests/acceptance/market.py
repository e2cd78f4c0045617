"""One small market for all suites of this folder: two shops, two buyers, an officer, orders in many states.

Every personal field of Lan's and of Minh's that is nobody else's business holds a canary.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, update

from app.catalog import stock
from app.catalog.models import Listing, ListingPhoto, Lot, Offer
from app.core import leases
from app.core.actor import GUEST, SYSTEM, Actor
from app.core.codes import new_key
from app.core.db import atomic, db
from app.core.storage import storage
from app.demo import cast
from app.flows import bank_feed, checkout, fulfilment, giving_back, refund_accounts, settlement
from app.flows.finding import Kind
from app.flows.indexing import reindex_listing
from app.media.models import Media
from app.media.rules import size_key
from app.notices import services as notices
from app.notices.models import Sending
from app.notices.rules import Kind as Notice
from app.orders import carts, placing
from app.orders.models import Order, Purchase
from app.orders.queries import get_by_code, link_token
from app.orders.rules import DeclineReason
from app.payments import cases, desk_queries, feeds, kept_statements, payouts
from app.payments.feeds.base import Transfer
from app.payments.models import Payment, Refund
from app.payments.payout_rules import BatchEvent, PayoutEvent
from app.payments.statement_models import Statement
from app.shops import accounts
from app.shops.models import Household, Shop, ShopMember
from app.users import second_factor
from app.users.models import User, UserSession
from app.users.rules import Role
from app.users.services import grant
from tests import paying
from tests.accounts import give_account
from tests.factories import (
    AT,
    add,
    buy,
    checkout_request,
    commune,
    make_cart,
    make_offer,
    make_shop,
    make_staff,
    make_user,
)

NOW = AT + timedelta(minutes=2)
MOVE = "stock-move-of-these-tests"
LAN, MINH = cast.LAN, cast.MINH  # so that the doors of `/dev` lead to them
CANARIES = {
    "lan.phone": "0912 000 001",
    "lan.name": "Chimlan01",
    "lan.device": "Chimlan02",
    "lan.licence": "Chimlan03",
    "lan.draft": "Chimlan04",
    "lan.draft_words": "Chimlan05",
    "lan.hidden": "Chimlan06",
    "lan.removed": "Chimlan07",
    "lan.note": "Chimlan08",
    "lan.cart": "Chimlan09",
    "lan.helper": "Chimlan10",
    "lan.bank": "8400987123654",
    "minh.phone": "0912 000 003",
    "minh.name": "Chimminh01",
    "minh.address": "Chimminh02",
    "minh.note": "Chimminh03",
    "minh.device": "Chimminh04",
    "minh.cart_name": "Chimminh05",
    "minh.cart_address": "Chimminh06",
    "minh.cart_note": "Chimminh07",
    "minh.account": "Chimminh08",
}
PHONES = (LAN, MINH, "0912000001", "0912000003")  # other ways to write two of the canaries


@dataclass
class Stall:
    """What a household has, by the codes that stand in addresses."""

    user: User
    shop: Shop
    on: str = ""
    slug: str = ""
    offer: str = ""
    draft: str = ""
    hidden: str = ""
    removed: str = ""
    photo: str = ""
    draft_photo: str = ""
    orders: dict[str, str] = field(default_factory=dict)
    refund: tuple[str, str] = ("", "")


@dataclass
class Link:
    """A purchase as its buyer holds it. code, k: of the purchase; order, order_k: of its first order."""

    code: str
    k: str
    order: str
    order_k: str
    payment: str
    amount: int
    refund: str = ""


@dataclass
class Market:
    """Everybody and everything of the world of these tests."""

    lan: Stall
    khoa: Stall
    minh: User
    binh: User
    hoa: User
    helper: User
    cashier: User
    operator: User
    newcomer: User
    links: dict[str, Link]
    secret_photo: str
    payouts: dict[str, str]
    desk: dict[str, Any]


def build() -> Market:
    """Make the world, through the services where a state has to be reached."""
    unit = commune()
    people = SimpleNamespace(
        lan=make_user(CANARIES["lan.name"], LAN, pin="258036"),
        khoa=make_user("Khoa"),
        minh=make_user(CANARIES["minh.account"], MINH, pin="258036"),
        binh=make_user("Binh"),
        hoa=make_user("Hoa"),
        helper=make_user(CANARIES["lan.helper"]),
    )
    lan = _stall(people.lan, "Vườn na cô Lan", "held", "lan.")
    khoa = _stall(people.khoa, "Vườn quýt anh Khoa", "direct", "")
    add(ShopMember(user_id=people.helper.id, shop_id=lan.shop.id, role="helper", started_at=AT))
    grant(user_id=people.hoa.id, role=Role.COMMUNE_OFFICER, unit_id=unit.id, actor=SYSTEM, at=AT)
    desk = (make_staff(Role.CASHIER, "Hanh"), make_staff(Role.OPERATOR, "Quang"), make_staff(enrolled=False))
    second_factor.begin(user_id=desk[2].id, at=AT)
    links = _trade(people, lan, khoa)
    secret = _photo(lan.shop, "staff")
    staff = (people.hoa, people.helper, *desk)
    batches = _payouts(lan, khoa, desk[0])
    desk_of = _desk(links["lan.paid"].payment)
    return Market(lan, khoa, people.minh, people.binh, *staff, links, secret.key, batches, desk_of)


def _payouts(lan: Stall, khoa: Stall, cashier: User) -> dict[str, str]:
    """Write three batches, in the states where something can be done with them. Gives their codes."""
    found = {}
    for number, (name, stall, events) in enumerate(
        (
            ("released", lan, (PayoutEvent.APPROVE, PayoutEvent.RELEASE)),
            ("draft", lan, ()),
            ("approved", khoa, (PayoutEvent.APPROVE,)),
        )
    ):
        with atomic():
            batch = payouts.open_batch(drafted_by=cashier.id, at=NOW)
            account = ("970405", "Agribank", "8400123456789", "NONG THI SEN")
            target = payouts.Target(stall.shop.id, stall.shop.code, number + 1, 230_000, *account)
            payout = payouts.add(batch, target, at=NOW)
            assert payout is not None
            for event in events:
                payouts.move(payout, event, at=NOW)
                payouts.move_batch(batch, BatchEvent(event), at=NOW, by=cashier.id)
        found |= {name: batch.code, f"{name}.line": payout.code}
        if name == "draft":
            payouts.lock_account(payout, at=NOW)
    return found


def _desk(paid: str) -> dict[str, Any]:
    """Let one thing of each kind wait at the money desk. paid: a payment. Gives their numbers and codes."""
    for key, account in (("one", CANARIES["lan.bank"]), ("ours", feeds.operator_account())):
        told = Transfer("sepay", key, account, "in", 45_000, "tien hang", f"FT-{key}", at=NOW)
        bank_feed.take(told, message_id=0, at=NOW)
    _refund_by_bank()
    case = cases.open_once("they_say_more", "CS00000000", {"ours": 1, "theirs": 2}, at=NOW)
    beyond = cases.open_once(Kind.REFUND_TOO_MUCH, "rf_beyond", {"payment": paid, "amount": 1_000}, at=NOW)
    assert case is not None and beyond is not None
    waits = Transfer("statement", "two", "0071000888888", "in", 55_000, "tien hang", "FT2", at=NOW)
    statement = kept_statements.keep([waits], bank="vcb", sent_by=None, at=NOW)
    leases.put_off(Statement, statement.id, at=NOW, until=None, error="RuntimeError")  # stopped
    lost = notices.enqueue(kind=Notice.NEW_DEVICE, phone=MINH, at=NOW)
    leases.put_off(Sending, lost.id, at=NOW, until=None, error="ConnectionError")  # given up
    return {
        "unsent": lost.id,
        "line": desk_queries.lines_waiting(about="FT-ONE")[0].id,
        "ours": desk_queries.lines_noted()[0].id,
        "case": case.code,
        "beyond": beyond.code,
        "statement": statement.code,
    }


def _refund_by_bank() -> None:
    """Let a household that kept the cash owe its buyer a part of it, which the bank has to send."""
    shop = make_shop("Vườn hoàn tiền", fee=0)
    (order,) = buy((make_offer(shop, price=100_000), 2000), pay_by="cod")
    for step in (fulfilment.accept, fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(get_by_code(order.code), actor=SYSTEM, at=NOW)
    order = get_by_code(order.code)
    refund = giving_back.give_back(order, key="part", wanted={}, amount=60_000, actor=SYSTEM, at=NOW)
    assert refund is not None
    refund_accounts.name(
        order, refund_code=refund.code, bank="970436", number="0123456789", holder="M", actor=GUEST, at=NOW
    )


def _photo(shop: Shop, visibility: str = "public") -> Media:
    row = Media(
        key=new_key(),
        kind="photo",
        visibility=visibility,
        shop_id=shop.id,
        state="ready",
        width=640,
        height=480,
        colour="#aabbcc",
        bytes=1000,
        digest="0" * 16,
        created_at=AT,
    )
    add(row)
    storage().put(size_key(row.key, 320), b"RIFF", "image/webp")
    return row


def _stall(user: User, name: str, settlement: str, canary: str) -> Stall:
    shop = make_shop(name, user, settlement, auto_accept=False)
    made = Stall(user, shop)
    say = {
        what: CANARIES.get(canary + what, "na")
        for what in ("draft", "draft_words", "hidden", "removed", "licence", "note")
    }
    with atomic():
        household = db.session.get_one(Household, shop.household_id)
        household.head_name = "Nông Thị Sen"  # public with the shop, as the law asks
    _bank(shop, canary)
    made.offer, made.on, made.slug = _listing(shop, "Na dai", "on")
    made.photo = _attach(shop, made.on)
    _, made.draft, _ = _listing(
        shop, say["draft"], "draft", description=say["draft_words"], licence_number=say["licence"]
    )
    made.draft_photo = _attach(shop, made.draft)
    _, made.hidden, _ = _listing(shop, say["hidden"], "hidden")
    stock.adjust(
        lot_id=db.session.scalars(select(Lot.id).where(Lot.shop_id == shop.id).order_by(Lot.id)).first() or 0,
        shop_id=shop.id,
        delta=1000,
        reason="counted",
        client_key=MOVE,
        actor=Actor("user", user.id),
        at=NOW,
    )
    _, made.removed, _ = _listing(shop, say["removed"], "removed")
    return made


def _bank(shop: Shop, canary: str) -> None:
    """Let the household be paid by transfer; Khoa's is about to change."""
    if canary:
        give_account(shop, CANARIES["lan.bank"])
        return
    give_account(shop)
    draft = accounts.read(
        shop_id=shop.id, bank="Techcombank", number="19036868686868", holder="Nông Thị Sen", at=AT
    )
    accounts.change(shop_id=shop.id, draft=draft, actor=SYSTEM, at=AT)


def _listing(shop: Shop, title: str, state: str, **more: str) -> tuple[str, str, str]:
    offer: Offer = make_offer(shop, title, stock=500, state=state)
    with atomic():
        listing = db.session.get_one(Listing, offer.listing_id)
        for name, value in more.items():
            setattr(listing, name, value)
        if state == "draft":
            listing.published_at = None
        reindex_listing(listing.id, at=AT)
    return offer.code, listing.code, listing.slug


def _attach(shop: Shop, code: str) -> str:
    photo = _photo(shop)
    listing = db.session.scalars(select(Listing).where(Listing.code == code)).one()
    add(ListingPhoto(listing_id=listing.id, media_id=photo.id, shop_id=shop.id))
    return photo.key


def _trade(people: SimpleNamespace, lan: Stall, khoa: Stall) -> dict[str, Link]:
    """Bring Minh's orders into their states at both shops; Bình has one of his own."""
    minh = placing.Buyer(
        name=CANARIES["minh.name"],
        phone=MINH,
        unit_id=commune().id,
        address=CANARIES["minh.address"],
        note=CANARIES["minh.note"],
        user_id=people.minh.id,
    )
    binh = placing.Buyer(
        name="Binh", phone="+84912704419", unit_id=commune().id, address="1 ngõ 2", user_id=people.binh.id
    )
    links = {}
    for stall in (lan, khoa):
        shop = Actor("user", stall.user.id)
        by_state = {
            "waiting": (),
            "paid": (),
            "accepted": (1,),
            "packed": (1, 2),
            "sent": (1, 2, 3),
            "refused": (1, 2, 3, 4),
            "declined": (9,),
        }
        for name, steps in by_state.items():
            order, link = _buy(stall, minh, paid=name != "waiting")
            for step in steps:
                _step(order, step, shop, lan.user.id)
            stall.orders[name] = order.code
            links[f"{'lan' if stall is lan else 'khoa'}.{name}"] = link
        order, link = _buy(stall, minh, paid=False, pay_by="vietqr")
        stall.orders["transfer"] = order.code
        links[f"{'lan' if stall is lan else 'khoa'}.transfer"] = link
        refund = (
            db.session.scalars(
                select(Refund).where(Refund.shop_id == stall.shop.id).order_by(Refund.id)
            ).first()
            or db.session.scalars(select(Refund)).first()
        )
        assert refund is not None
        stall.refund = (stall.orders["declined"], refund.code)
    declined = links["khoa.declined"]
    declined.refund = khoa.refund[1]
    owed = get_by_code(declined.order)
    refund_accounts.name(
        owed, refund_code=declined.refund, bank="970436", number="0123456789", holder="M", actor=GUEST, at=NOW
    )
    links["binh"] = _buy(lan, binh, paid=False)[1]
    return links


def _step(order: Order, step: int, actor: Actor, lan_id: int) -> None:
    if step == 9:
        note = CANARIES["lan.note"] if actor.user_id == lan_id else ""
        fulfilment.decline(order, DeclineReason.OTHER, note=note, actor=actor, at=NOW)
        return
    work = (fulfilment.accept, fulfilment.pack, fulfilment.hand_over, fulfilment.refuse_at_door)[step - 1]
    work(order, actor=actor, at=NOW)


def _buy(stall: Stall, buyer: placing.Buyer, *, paid: bool, pay_by: str = "sandbox") -> tuple[Order, Link]:
    offer = db.session.scalars(select(Offer).where(Offer.code == stall.offer)).one()
    cart = make_cart((offer, 1000))
    placed = checkout.place(checkout_request(cart, buyer=buyer, pay_by=pay_by), cart=cart, at=AT, actor=GUEST)
    purchase = db.session.scalars(select(Purchase).where(Purchase.code == placed.purchase_code)).one()
    order = db.session.scalars(select(Order).where(Order.purchase_id == purchase.id)).one()
    payment = db.session.scalars(select(Payment).where(Payment.purchase_id == purchase.id)).one()
    settlement.start(payment.code, language="vi", at=NOW)
    if paid:
        paying.pay(payment, at=NOW)
    return order, Link(
        purchase.code, link_token(purchase), order.code, link_token(order), payment.code, payment.amount
    )


def basket(market: Market, name: str, phone: str, address: str, note: str = "", at: datetime = NOW) -> str:
    """Fill a basket up to the review. Returns its token."""
    offer = db.session.scalars(select(Offer).where(Offer.code == market.lan.offer)).one()
    cart, token = carts.create(at=at)
    carts.put(cart, offer_id=offer.id, quantity=2000, price=offer.price, adult=True, at=at)
    carts.answer(cart, at=at, name=name, phone=phone, address=address, unit_id=commune().id, note=note)
    return token


def give_device(user: User, canary: str) -> None:
    """Name a person's devices."""
    with atomic():
        db.session.execute(update(UserSession).where(UserSession.user_id == user.id).values(device=canary))
