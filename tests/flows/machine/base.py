"""The ground of the machine: four households, a little stock, a clock, and what happened so far."""

from datetime import datetime

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.catalog import stock
from app.catalog.models import Offer
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Refused
from app.flows import checkout, giving_back, paying_farmers, seller_word
from app.payments.services import RefundTooLarge
from app.shops.models import Shop
from tests.databases import Database
from tests.factories import AT, make_offer, make_shop, make_user
from tests.flows.machine.outcomes import seen
from tests.paying_out import give_bank

picks = st.integers(0, 9)
commits: list[int] = [0]


@event.listens_for(Session, "after_commit")
def _count(_session: Session) -> None:
    commits[0] += 1


NAMED: dict[type[Refused], str] = {
    stock.SoldOut: "sold out",
    RefundTooLarge: "too much back",
    giving_back.MoreThanThereWas: "too much back",
    checkout.DirectWaits: "direct waits",
    seller_word.SumChanged: "word for another sum",
    paying_farmers.SecondPersonNeeded: "second person needed",
    paying_farmers.NothingToPay: "nothing to pay",
    paying_farmers.PayoutMoved: "payout moved on",
    paying_farmers.BatchMoved: "batch moved on",
}


class Ground(RuleBasedStateMachine):
    """Households held and direct, each with a bank account of its own but the last."""

    app: Flask
    database: Database

    @initialize(seed=st.integers(0, 2**32))
    def open_shops(self, seed: int) -> None:
        """Begin anew; before the first step comes a day of the market."""
        db.session.remove()
        self.database.wipe(self.app)
        self.now: datetime = AT
        self._looked: tuple[int, datetime] | None = None
        self.offers: list[int] = []
        self.shops: list[int] = []
        self.direct: list[int] = []  # places of the offers of the one that is paid straight
        self.start: dict[int, int] = {}
        self.parts = 0
        self.people = [Actor("user", make_user(name).id) for name in ("Thu", "Tâm", "Hạnh")]
        for number, settlement in enumerate(("held", "direct", "held", "held")):
            shop = make_shop(f"Vườn {number} {settlement}", settlement=settlement)
            self.shops.append(shop.id)
            if number < 3:
                give_bank(shop, f"840012345678{number}")
            # The last household has little and no account: it earns, and cannot be paid out.
            for kilos in ((5, 20), (8, 40), (20,), (10,))[number]:
                offer = make_offer(shop, stock=kilos)
                self.offers.append(offer.id)
                self.start[offer.lot_id] = kilos * 1000
                if settlement == "direct":
                    self.direct.append(len(self.offers) - 1)
        self._begin()
        self._first_day(seed)

    def _begin(self) -> None:
        """Make room for what a chapter remembers."""

    def _first_day(self, seed: int) -> None:
        """Let much happen: Hypothesis likes short runs of few rules, a market does not."""

    def _try(self, act, *args, **kwargs):
        """Do what may be refused; gives what came of it, None where it was."""
        try:
            return act(*args, **kwargs)
        except checkout.BasketChanged as error:
            seen["price changed" if error.view.changed else "sold out"] += 1
        except Refused as error:
            seen[NAMED.get(type(error), "refused")] += 1
        return None

    def _offer(self, pick: int) -> Offer:
        return db.session.get_one(Offer, self.offers[pick % len(self.offers)])

    def _shop(self, pick: int) -> Shop:
        return db.session.get_one(Shop, self.shops[pick % len(self.shops)])

    def _one_of(self, pick: int, table, *conditions):
        """Give one of the newest rows; a fresh look, for other hands may have changed them."""
        query = select(table).where(*conditions).order_by(table.id.desc()).limit(6)
        rows = list(db.session.scalars(query.execution_options(populate_existing=True)))
        return rows[pick % len(rows)] if rows else None

    def _look(self) -> None:
        """Look around, unless nothing was written and no time went by since the last look."""
        here = (commits[0], self.now)
        if here != self._looked:
            self._look_around()
            self._looked = here

    def _look_around(self) -> None:
        """Count what there is; every chapter adds its own."""

    def teardown(self) -> None:
        db.session.remove()
