"""The household's orders: the list, one whole order, the button of each step, its undo, saying no, labels."""

from dataclasses import dataclass

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import NotFound, Refused
from app.flows import fulfilment, giving_back, refunding, seller_orders, seller_word
from app.flows.seller_orders import Tab
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import UNDO_FOR, DeclineReason, Event, State
from app.orders.services import AlreadyDone
from app.payments import queries as payments
from app.web.access import Rule, rule
from app.web.messages import sentence
from app.web.seller import order_words, shown
from app.web.seller.typed import Typed, missing_choice
from app.web.signing_in import actor

blueprint = Blueprint("seller_orders", __name__, url_prefix="/ban/don")
Answer = str | Response | tuple[str, int]

TABS = {"can-gui": Tab.TO_SHIP, "dang-giao": Tab.ON_THE_WAY, "xong": Tab.OVER}
STEPS = {
    "nhan": fulfilment.accept,
    "goi": fulfilment.pack,
    "gui": fulfilment.hand_over,
    "khong-nhan": fulfilment.refuse_at_door,
    "hang-ve": fulfilment.take_in_return,
}
# The one button of each state. Where there is none, the household waits.
NEXT = {
    State.PAID: "nhan",
    State.COD_AGREED: "nhan",
    State.ACCEPTED: "goi",
    State.PACKED: "gui",
    State.REFUSED_AT_DOOR: "hang-ve",
}
UNDO = {State.PACKED: Event.UNPACK, State.HANDED_OVER: Event.TAKE_BACK}
MAX_NOTE = 200


@dataclass(frozen=True)
class Done:
    """What was pressed a moment ago. back: the step that takes it back, where one does."""

    order: Order
    back: Event | None


@blueprint.get("")
@rule(Rule.SHOP)
def show_all() -> str:
    """List the orders of one tab."""
    at = clock.now()
    chosen = request.args.get("muc", "")
    chosen = chosen if chosen in TABS else "can-gui"
    page = seller_orders.page(g.shop, TABS[chosen], after=request.args.get("sau"))
    return render_template(
        "seller/orders.html",
        page=page,
        chosen=chosen,
        tabs=TABS,
        next_step=NEXT,
        words=order_words,
        today=clock.local_date(at),
        done=_just_done(request.args.get("vua")),
        to_send_back=payments.count_to_send_back(g.shop.id),
        to_confirm=len(seller_word.expected(g.shop.id, at=at)),
        shop_url=shown.shop_address(g.shop),
    )


@blueprint.get("/in")
@rule(Rule.SHOP)
def print_all() -> str:
    """Show the labels of all parcels that are still on the farm."""
    return _labels(seller_orders.to_pack(g.shop))


@blueprint.get("/<code>/in")
@rule(Rule.SHOP)
def print_one(code: str) -> str:
    """Show the label of one parcel."""
    return _labels([orders.get_own(shop_id=g.shop.id, code=code)])


@blueprint.get("/<code>")
@rule(Rule.SHOP)
def show(code: str) -> str:
    """Show everything of one order."""
    return _page(code)


@blueprint.post("/<code>/<any(nhan, goi, gui, 'khong-nhan', 'hang-ve'):step>")
@rule(Rule.SHOP)
def move(code: str, step: str) -> Answer:
    """Take one step; a second press of the same button finds it done."""
    order = orders.get_own(shop_id=g.shop.id, code=code)
    try:
        STEPS[step](order, actor=actor(), at=clock.now())
    except AlreadyDone:
        pass
    except Refused as refused:
        return _page(code, sentence(refused)), 409
    return _back(code)


@blueprint.post("/<code>/hoan-tac")
@rule(Rule.SHOP)
def undo(code: str) -> Answer:
    """Take the last press back while it is fresh."""
    order = orders.get_own(shop_id=g.shop.id, code=code)
    step = Typed().one_of("step", list(UNDO.values()))
    if not step:
        raise NotFound("step")
    try:
        fulfilment.undo(order, Event(step), actor=actor(), at=clock.now())
    except AlreadyDone:
        pass
    except Refused as refused:
        return _page(code, sentence(refused)), 409
    return _back(code)


@blueprint.route("/<code>/tu-choi", methods=["GET", "POST"])
@rule(Rule.SHOP)
def decline(code: str) -> Answer:
    """Say no with a reason; the buyer hears of it at once, so it has a page of its own."""
    whole, typed = seller_orders.whole(g.shop, code, at=clock.now()), Typed()
    order = whole.row.order
    sent = request.method == "POST"
    reason = typed.one_of("reason", list(DeclineReason), missing=missing_choice() if sent else "")
    if not reason and not whole.can_decline:
        return redirect(url_for(".show", code=code), 303)
    if not reason or not sent:
        page = render_template(
            "seller/decline.html", whole=whole, order=order, typed=typed, words=order_words
        )
        return page, 422 if sent else 200
    note = typed.text("note")[:MAX_NOTE]
    try:
        fulfilment.decline(order, DeclineReason(reason), note=note, actor=actor(), at=clock.now())
    except AlreadyDone:
        pass
    except Refused as refused:
        return _page(code, sentence(refused)), 409
    return redirect(url_for(".show", code=code), 303)


@blueprint.post("/<code>/da-tra/<refund>")
@rule(Rule.SHOP)
def sent_back(code: str, refund: str) -> Answer:
    """Say that the money went back to the buyer's account."""
    order = orders.get_own(shop_id=g.shop.id, code=code)
    if refund not in {one.code for one in payments.refunds_of([order.id])[order.id]}:
        raise NotFound("refund")
    try:
        refunding.say_sent(shop_id=g.shop.id, refund_code=refund, actor=actor(), at=clock.now())
    except Refused as refused:
        return _page(code, sentence(refused)), 409
    return redirect(url_for(".show", code=code), 303)


def _back(code: str) -> Response:
    """Go back to where the button stood: the tab of a list, or the order's page."""
    tab = request.form.get("tab")
    if tab in TABS:
        return redirect(url_for(".show_all", muc=tab, vua=code), 303)
    return redirect(url_for(".show", code=code, vua=code), 303)


def _page(code: str, problem: str = "") -> str:
    at = clock.now()
    whole = seller_orders.whole(g.shop, code, at=at)
    return render_template(
        "seller/order.html",
        whole=whole,
        row=whole.row,
        order=whole.row.order,
        step=NEXT.get(State(whole.row.order.state)),
        words=order_words,
        today=clock.local_date(at),
        problem=problem,
        transfer=seller_word.find(whole.row.order),
        to_send=seller_orders.TO_SEND,
        can_give_back=bool(giving_back.sheet(whole.row.order).left),
        done=None if problem else _just_done(request.args.get("vua")),
    )


def _labels(some: list[Order]) -> str:
    labels = seller_orders.labels(g.shop, some, at=clock.now())
    return render_template("seller/labels.html", labels=labels, words=order_words)


def _just_done(code: str | None) -> Done | None:
    """Say what was pressed, as long as it can be taken back; it stands in the row, not in the session."""
    if not code:
        return None
    try:
        order = orders.get_own(shop_id=g.shop.id, code=code)
    except NotFound:
        return None
    if clock.now() - order.changed_at > UNDO_FOR:
        return None
    return Done(order, UNDO.get(State(order.state)))
