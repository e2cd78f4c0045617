"""Buyers in a process of their own: `python -m tests.crash.buyers OFFER RATE`.

Places so many orders a second, prints the code of each when it is there for sure, and tries again when the
database is away.
"""

import sys
import threading
import time

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app import create_app
from app.catalog.models import Offer
from app.core import clock
from app.core.db import db
from tests.factories import buy

HANDS = 4


def _buy_for_ever(offer_code: str, pause: float) -> None:
    while True:
        began = time.monotonic()
        with app.app_context():
            try:
                offer = db.session.scalars(select(Offer).where(Offer.code == offer_code)).one()
                # Code and line end in one, or the codes of two hands would stand in one line.
                print(buy((offer, 1000), at=clock.now())[0].code + "\n", end="", flush=True)
            except DBAPIError:
                db.session.rollback()
                time.sleep(0.05)
            finally:
                db.session.remove()
        time.sleep(max(0.0, pause - (time.monotonic() - began)))


if __name__ == "__main__":
    app = create_app()
    rate = float(sys.argv[2])
    for _ in range(HANDS):
        threading.Thread(target=_buy_for_ever, args=(sys.argv[1], HANDS / rate)).start()
