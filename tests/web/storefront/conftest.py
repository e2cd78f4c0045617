"""What the tests of public pages share: listings as the index really writes them."""

from collections.abc import Callable

import pytest

from app.catalog.models import Offer
from app.core.db import atomic
from app.flows.indexing import reindex_listing
from tests import factories
from tests.factories import AT


@pytest.fixture
def on_sale(app: object, noon: None) -> Callable[..., Offer]:
    """Make an offer of a listing that pages show."""

    def make(title: str = "Quýt vàng Bắc Sơn", category: str = "quyt", **more: object) -> Offer:
        offer = factories.make_offer(title=title, category=category, **more)
        with atomic():
            reindex_listing(offer.listing_id, at=AT)
        return offer

    return make
