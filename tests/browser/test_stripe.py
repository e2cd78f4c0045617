"""A guest pays by a card from abroad, in Chromium: to Stripe's page, and the page at home turns by itself."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext
from sqlalchemy import select

from app.core.db import db
from app.flows import proving
from app.payments.models import Payment
from tests import factories
from tests.browser import walks
from tests.browser.market import Market
from tests.browser.market import serving as serving_market
from tests.browser.person import Person
from tests.providers.doubles.stripe import serving

TURNS_WITHIN = 5_000  # milliseconds from the callback to the changed page


@pytest.fixture
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """A market with goods that offers Stripe, which is a double in this process."""
    with serving() as cards:
        keys = {
            "PROVIDERS": "cod,stripe",
            "STRIPE_SECRET_KEY": cards.key,
            "STRIPE_WEBHOOK_SECRET": cards.secret,
            "STRIPE_API_URL": cards.url,
        }
        with serving_market("development", tmp_path_factory.mktemp("cards"), **keys) as made:
            cards.hook = f"{made.address}/hooks/stripe"
            with made.app().app_context():
                factories.make_offer(stock=100)
            yield made


def test_a_guest_pays_on_stripes_own_page(market: Market, phone: Callable[..., BrowserContext]) -> None:
    buyer = Person(phone(), market.address)
    buyer.open("/")
    buyer.press("main a[href*='/sp/']", leads_to="/sp/")
    walks.fill_in(buyer)
    buyer.open("/dat-hang/cach-tra")
    buyer.pick("pay_by", "stripe")
    buyer.press("button[form=task]", leads_to="/dat-hang/xem-lai")
    buyer.press("button[form=task]", leads_to="/tra/")
    buyer.press("main form[action*='/bat-dau'] button")
    buyer.page.wait_for_url(lambda url: not url.startswith(market.address))  # it opens by itself
    buyer.page.locator("button[value=pay]").tap()
    buyer.page.wait_for_url(f"{market.address}/tra/**")
    buyer.page.wait_for_selector("text=Đã nhận", timeout=TURNS_WITHIN)
    with market.app().app_context():
        payment = db.session.scalars(select(Payment).where(Payment.provider == "stripe")).one()
        assert (payment.state, payment.received) == ("paid", payment.amount)
        assert proving.faults() == []
