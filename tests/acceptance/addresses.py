"""For each address of the app: the arguments that are a visitor's own, and those that are another's.

A page with an argument that is not listed here fails the matrix; it then says what its object is.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from werkzeug.routing import Rule as Route

from app.core import clock
from app.payments import providers
from app.web.access import Rule
from tests.acceptance.market import Link, Stall

Args = dict[str, Any]
SHORT = 12  # of a device's hash

# A seller's objects: endpoint -> arguments from the stall.
OF_STALL: dict[str, Callable[[Stall], Args]] = {
    "selling.photo": lambda s: {"code": s.draft},
    "selling.drop_photo": lambda s: {"code": s.draft, "key": s.draft_photo},
    "pricing.price": lambda s: {"code": s.draft},
    "counting.count": lambda s: {"code": s.draft},
    "publishing.preview": lambda s: {"code": s.draft},
    "publishing.done": lambda s: {"code": s.on},
    "editing.edit": lambda s: {"code": s.on},
    "editing.photo": lambda s: {"code": s.on},
    "seller_goods.change": lambda s: {"code": s.on},
    "seller_goods.hide": lambda s: {"code": s.on},
    "seller_goods.unhide": lambda s: {"code": s.hidden},
    "seller_goods.remove": lambda s: {"code": s.on},
    "seller_goods.bring_back": lambda s: {"code": s.removed},
    "seller_orders.show": lambda s: {"code": s.orders["accepted"]},
    "seller_orders.print_one": lambda s: {"code": s.orders["accepted"]},
    "seller_papers.receipt": lambda s: {"code": s.orders["accepted"]},
    "seller_orders.move": lambda s: {"code": s.orders["accepted"], "step": "goi"},
    "seller_orders.undo": lambda s: {"code": s.orders["packed"]},
    "seller_orders.decline": lambda s: {"code": s.orders["paid"]},
    "seller_giving_back.give_back": lambda s: {"code": s.orders["accepted"]},
    "seller_refunds.pay": lambda s: {"refund": s.refund[1]},
    "seller_transfers.confirm": lambda s: {"code": s.orders["transfer"]},
    "seller_orders.sent_back": lambda s: {"code": s.refund[0], "refund": s.refund[1]},
}
# A buyer's objects, opened by link: endpoint -> (which purchase, whether by the order's own link).
OF_LINK: dict[str, tuple[str, bool]] = {
    "order.show": ("lan.accepted", True),
    "order.receipt": ("lan.accepted", True),
    "order.received": ("lan.sent", True),
    "order.cancel": ("lan.paid", True),
    "order.refund_received": ("khoa.declined", True),
    "refund.account": ("khoa.declined", True),
    "refund.missing": ("khoa.declined", True),
    "pay.show": ("lan.waiting", False),
    "pay.state": ("lan.waiting", False),
    "pay.start": ("lan.waiting", False),
    "pay.leave": ("lan.waiting", False),
    "pay.again": ("lan.waiting", False),
    "pay.picture": ("lan.transfer", False),
}
# Public objects: endpoint -> arguments (what all may see, what nobody may see).
PUBLIC: dict[str, Callable[[Any], tuple[Args, Args]]] = {
    "shop.show": lambda w: ({"slug": w.market.lan.shop.slug}, {"slug": "khong-co"}),
    "shop.short": lambda w: ({"code": w.market.lan.shop.code}, {"code": "GHKHONGCO"}),
    "listing.show": lambda w: (
        {"name": f"{w.market.lan.slug}-{w.market.lan.on}"},
        {"name": f"na-{w.market.lan.draft}"},
    ),
    "pictures.show": lambda w: (
        {"key": w.market.lan.photo, "size": 320},
        {"key": w.market.secret_photo, "size": 320},
    ),
    "share.listing": lambda w: (
        {"code": w.market.lan.on, "drawn": "0"},
        {"code": w.market.lan.draft, "drawn": "0"},
    ),
    "share.shop": lambda w: (
        {"code": w.market.lan.shop.code, "drawn": "0"},
        {"code": "GH000000", "drawn": "0"},
    ),
    "book.one_kind": lambda w: ({"kind": "L", "name": "escrow"}, {"kind": "L", "name": "khong-co"}),
    "book.transaction": lambda w: ({"number": 1}, {"number": 10**15}),
    **{
        f"payouts.{name}": lambda w, batch=batch: ({"code": w.market.payouts[batch]}, {"code": "LC000000"})
        for name, batch in {
            **dict.fromkeys(("show", "file", "codes"), "released"),
            **dict.fromkeys(("approve", "cancel"), "draft"),
            "release": "approved",
            "fail": "released.line",
        }.items()
    },
    "payouts.unlock": lambda w: ({"code": w.market.lan.shop.code}, {"code": "GH000000"}),
    **{
        f"bank_lines.{name}": lambda w: ({"number": w.market.desk["line"]}, {"number": 10**15})
        for name in ("match", "ignore")
    },
    "bank_lines.brought": lambda w: ({"number": w.market.desk["ours"]}, {"number": 10**15}),
    **{
        f"statements.{name}": lambda w: ({"code": w.market.desk["statement"]}, {"code": "SK00000000"})
        for name in ("show", "state", "go_on", "leave_line")
    },
    **{
        f"unsent.{name}": lambda w: ({"number": w.market.desk["unsent"]}, {"number": 10**15})
        for name in ("send_one", "put_aside")
    },
    "cases.close": lambda w: ({"code": w.market.desk["case"]}, {"code": "VU000000"}),
    "cases.book": lambda w: ({"code": w.market.desk["beyond"]}, {"code": "VU000000"}),
    **{
        f"refunds.{name}": lambda w: ({"code": w.market.khoa.refund[1]}, {"code": "HT00000000"})
        for name in ("approve", "by_bank", "account")
    },
    "static": lambda w: ({"filename": "js/repeat.js"}, {"filename": "../wsgi.py"}),
    "dev.become": lambda w: ({"key": "lan"}, {"key": "nobody"}),
}
# Arguments that choose a view of one's own things.
PLAIN: dict[str, Args] = {
    "seller_money.rows": {"what": "dang-giu"},
    "seller_papers.book": {"year": clock.local(clock.now()).year, "kind": "csv"},
    "hooks.take": {"provider": "sandbox"},
}


def has_object(route: Route) -> bool:
    """Say whether the address names something that belongs to somebody."""
    return bool(route.arguments) and route.endpoint not in PLAIN


def address(world: Any, route: Route, role: str, whose: str) -> str | None:
    """Write the address of a visitor's own thing, or of another's. None: the visitor has none of its kind."""
    with world.app.test_request_context():
        write = world.app.url_map.bind("localhost").build
        where, query = _where(world, route, role, whose)
        if where is None:
            return None
        url = write(route.endpoint, where, method=next(iter((route.methods or set()) - {"HEAD", "OPTIONS"})))
        return f"{url}?{urlencode(query)}" if query else url


def _where(world: Any, route: Route, role: str, whose: str) -> tuple[Args | None, dict[str, str]]:
    name = route.endpoint
    if not has_object(route):
        return (PLAIN.get(name, {}) if whose == "own" else None), {}
    if name in OF_STALL:
        own = world.stall(role)
        other = world.market.khoa if own is world.market.lan else world.market.lan
        stall = own if whose == "own" else other
        return (OF_STALL[name](stall) if stall else None), {}
    if name in OF_LINK:
        which, single = OF_LINK[name]
        mine = world.market.links[which]
        where, query = _link(mine, world.market.links["binh"], single, whose)
        if "refund" in route.arguments:
            where["refund"] = mine.refund
        return where | ({"payment": mine.payment} if name == "pay.picture" else {}), query
    if name == "account.sign_out_device":
        device = (
            world.devices.get(role)
            if whose == "own"
            else world.devices["owner" if role != "owner" else "buyer"]
        )
        return ({"code": device[:SHORT]} if device else None), {}
    if name == "book.account":
        return {"kind": "A", "name": "psp"}, {"ma": "sandbox" if whose == "own" else "khong-co"}
    if name in ("sandbox.show", "sandbox.press"):
        return _practice(world, whose)
    if name not in PUBLIC:
        raise AssertionError(f"{route.rule}: tests/acceptance/addresses.py must say what its object is")
    return PUBLIC[name](world)[whose == "other"], {}


def _link(mine: Link, others: Link, single: bool, whose: str) -> tuple[Args, dict[str, str]]:
    """Another's order is tried with a link that is good, but for another purchase."""
    key = mine if whose == "own" else others
    return {"code": mine.order if single else mine.code}, {"k": key.order_k if single else key.k}


def _practice(world: Any, whose: str) -> tuple[Args, dict[str, str]]:
    link = world.market.links["lan.waiting"]
    sign = providers.get("sandbox")._page_sign(link.payment, link.amount)  # noqa: SLF001
    amount = link.amount if whose == "own" else 1_000
    return {"code": link.payment}, {"amount": str(amount), "sign": sign}


def victims(world: Any, route: Route) -> bool:
    """Say whether the address is one where a stranger must find nothing."""
    return has_object(route) and world.rule(route) not in (Rule.DEV, Rule.HOOK) and route.endpoint != "static"
