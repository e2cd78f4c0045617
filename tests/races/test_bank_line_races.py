"""People and feeds at one bank line in the same moment: one of them says what it is."""

from functools import partial

from flask import Flask
from sqlalchemy import select

from app.core.actor import SYSTEM
from app.core.db import db
from app.flows import bank_feed
from app.ledger import queries as ledger
from app.payments.bank_lines import LineMoveRefused
from app.payments.models import BankLine
from tests import banking, factories, invariants
from tests.factories import AT
from tests.races.racing import race


def test_several_say_at_once_what_a_line_is_and_the_others_are_told(app: Flask) -> None:
    with banking.connected():
        payments = [
            banking.by_transfer(factories.buy((factories.make_offer(), 1000), at=AT)[0]) for _ in range(2)
        ]
        for number in range(4):
            banking.transfer("chuyen tien", 10_000 + number, at=AT)
        for line in list(db.session.scalars(select(BankLine.id))):
            says = [
                *(partial(bank_feed.ignore, line, reason="x", actor=SYSTEM, at=AT) for _ in range(2)),
                *(partial(bank_feed.match_by_hand, line, p.code, actor=SYSTEM, at=AT) for p in payments),
            ]
            results = race(app, says)
            assert results.count(None) == 1, results
            assert sum(isinstance(one, LineMoveRefused) for one in results) == 3, results
    assert ledger.balance("L", "unidentified") == 0
    invariants.check()
