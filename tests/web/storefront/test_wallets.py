"""Each wallet from the cart to the book, as a buyer without script goes, everything over real HTTP."""

from collections.abc import Iterator
from html import unescape

import pytest
import requests
from flask import Flask

from app.core.db import db
from app.flows import proving
from app.ledger import queries as ledger
from app.orders.models import Order, Purchase
from app.orders.queries import link_token
from app.payments.models import InboxMessage, Payment
from tests import factories, invariants
from tests.buyer import Buyer, forms
from tests.providers.doubles.serving import Double
from tests.providers.on_air import wallet_on_air
from tests.speaking import vi

pytestmark = pytest.mark.usefixtures("noon")
WALLETS = pytest.mark.parametrize("wallet", ["vnpay", "momo", "zalopay"], indirect=True)
WORDS = {
    "vnpay": ("Bank card or bank app", "Sang VNPAY"),
    "momo": ("MoMo wallet", "Sang MoMo"),
    "zalopay": ("ZaloPay wallet", "Sang ZaloPay"),
}


@pytest.fixture
def wallet(request: pytest.FixtureRequest, app: Flask) -> Iterator[Double]:
    with wallet_on_air(app, request.param) as (double, _):
        yield double


def at_the_pay_page(app: Flask, code: str) -> Buyer:
    """Order as a guest; the wallet is the only way on offer, chosen on its page all the same."""
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(price=45_000), "2", go="checkout")
    buyer.press("/dat-hang/nguoi-nhan", {"phone": "0912 345 678", "name": "Chị Thu"})
    buyer.press("/dat-hang/dia-chi", {"commune": "Chi Lăng, Lạng Sơn", "address": "12 ngõ 34"})
    buyer.open("/dat-hang/cach-tra")
    assert vi(WORDS[code][0]) in buyer.page.text
    buyer.press("/dat-hang/cach-tra", pay_by=code)
    buyer.press("/dat-hang")
    assert buyer.page.request.path.startswith("/tra/LS")
    return buyer


def go_to_the_wallet(buyer: Buyer, code: str) -> str:
    """Press "pay", and give the address that the page between leads to."""
    page = buyer.page.request.path
    buyer.press(f"{page}/bat-dau")
    assert buyer.page.request.path == f"{page}/sang"
    assert WORDS[code][1] in buyer.page.text
    link = buyer.page.text.partition('http-equiv="refresh" content="0;url=')[2].partition('"')[0]
    assert f'href="{link}"' in buyer.page.text, "and for browsers that do not refresh, a button"
    return unescape(link)


def at_the_wallet(address: str, *, do: str) -> str:
    """Look at the wallet's page and press a button there. Gives where the browser is sent."""
    assert requests.get(address, timeout=10).status_code == 200
    answer = requests.post(address, data={"do": do}, allow_redirects=False, timeout=10)
    assert answer.status_code == 303
    return answer.headers["Location"]


def states() -> tuple[str, str]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Order).one().state, db.session.query(Payment).one().state


@WALLETS
def test_from_the_cart_to_the_book(app: Flask, wallet: Double, request: pytest.FixtureRequest) -> None:
    code = request.node.callspec.params["wallet"]
    buyer = at_the_pay_page(app, code)
    address = go_to_the_wallet(buyer, code)
    assert states() == ("awaiting_payment", "pending")
    wallet.switches.copies = 2
    back = at_the_wallet(address, do="pay")
    assert states() == ("accepted", "paid")
    db.session.rollback()
    assert sorted(m.verdict for m in db.session.query(InboxMessage)) == ["applied", "duplicate"]
    market = app.extensions["market"].public_url
    assert back.startswith(market + "/tra/LS")
    text = buyer.open(back.removeprefix(market)).text
    assert "bat-dau" not in text and "http-equiv" not in text, "nothing is left to be done"
    assert ledger.balance("A", "psp", code) == 120_000
    assert proving.faults() == []
    invariants.check()


@WALLETS
def test_the_way_back_proves_nothing(app: Flask, wallet: Double, request: pytest.FixtureRequest) -> None:
    code = request.node.callspec.params["wallet"]
    buyer = at_the_pay_page(app, code)
    wallet.switches.held = True  # the machine's message has not come yet
    back = at_the_wallet(go_to_the_wallet(buyer, code), do="pay")
    market = app.extensions["market"].public_url
    text = buyer.open(back.removeprefix(market)).text
    assert "http-equiv" in text, "the page waits"
    assert states() == ("awaiting_payment", "pending")
    wallet.release()
    assert states() == ("accepted", "paid")


@pytest.mark.parametrize("wallet", ["vnpay", "momo"], indirect=True)
def test_who_cancels_there_may_try_again_here(
    app: Flask, wallet: Double, request: pytest.FixtureRequest
) -> None:
    code = request.node.callspec.params["wallet"]
    buyer = at_the_pay_page(app, code)
    back = at_the_wallet(go_to_the_wallet(buyer, code), do="refuse")
    assert states() == ("awaiting_payment", "failed")
    buyer.open(back.removeprefix(app.extensions["market"].public_url))
    assert vi("The last try did not go through. Nothing was taken from you.") in buyer.page.text
    at_the_wallet(go_to_the_wallet(buyer, code), do="pay")
    assert states() == ("accepted", "paid")
    assert len(wallet.pages) == 2, "two tries, two references"


@pytest.mark.parametrize("wallet", ["momo", "zalopay"], indirect=True)
def test_a_wallet_that_is_down_leaves_two_ways_on(
    app: Flask, wallet: Double, request: pytest.FixtureRequest
) -> None:
    buyer = at_the_pay_page(app, request.node.callspec.params["wallet"])
    page = buyer.page.request.path
    wallet.switches.down = True
    assert buyer.press(f"{page}/bat-dau").status_code == 503
    assert {form.action.partition("?")[0] for form in forms(buyer.page)} >= {
        f"{page}/bat-dau",
        f"{page}/dat-lai",
    }


def test_nobody_is_sent_on_before_it_has_begun_or_by_a_stranger_s_link(app: Flask) -> None:
    (order,) = factories.buy((factories.make_offer(), 1000))
    purchase = db.session.get_one(Purchase, order.purchase_id)
    client = app.test_client()
    answer = client.get(f"/tra/{purchase.code}/sang?k={link_token(purchase)}")
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, f"/tra/{purchase.code}")
    assert client.get(f"/tra/{purchase.code}/sang?k=x").status_code == 404
