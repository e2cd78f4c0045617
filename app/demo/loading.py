"""Loading the demo market once: everything, or what an interrupted run has left undone is begun anew."""

from datetime import datetime, timedelta

from flask import Flask

from app.config import ROOT
from app.core import afterwards
from app.core.actor import SYSTEM
from app.core.clock import local_date
from app.demo import cast, market, trade
from app.notices import services as notices
from app.regions import queries as regions
from app.regions import services as region_writers
from app.shops import queries as shops
from app.users import queries as users
from app.users import second_factor
from app.users import services as user_writers
from app.users.rules import Role

SEED = 2021_07_20


def is_loaded() -> bool:
    """Say whether the demo market stands; the officer comes last and tells it."""
    return users.find_by_phone(cast.HOA) is not None


def load(app: Flask, *, at: datetime, progress: market.Progress) -> bool:
    """Load the demo market into an empty database; False when it stands already.

    Raises: RuntimeError when shops of somebody else are there, or of a run that was cut off.
    """
    region_writers.load_units(ROOT / "data")
    if is_loaded():
        return False
    if shops.count_open():
        raise RuntimeError(
            "the database holds shops already: `make reset` empties it, or start without the demo"
        )
    afterwards.bind(lambda _name, _row_id: None)  # sixty days of messages must not wake any worker
    opening = at - timedelta(days=trade.DAYS + 2)
    stalls = market.open_all(app, at=opening, today=local_date(at), seed=SEED, progress=progress)
    trade.run(stalls, today=at, seed=SEED, progress=progress)
    trade.settle_stock(stalls, at=at, seed=SEED)
    notices.forget_waiting(at=at)
    _staff(at)
    officer = user_writers.find_or_create(phone=cast.HOA, language="vi", actor=SYSTEM, at=at)
    user_writers.rename(user_id=officer.id, name="Lý Thị Hoa", actor=SYSTEM, at=at)
    commune = regions.get_unit_by_code("06463", local_date(at))
    user_writers.grant(user_id=officer.id, role=Role.COMMUNE_OFFICER, unit_id=commune.id, actor=SYSTEM, at=at)
    return True


def _staff(at: datetime) -> None:
    """Put two people at the money desk, so that what needs two can be tried; the doors show their codes."""
    for phone, name, role in (
        (cast.HANH, "Nguyễn Thu Hạnh", Role.CASHIER),
        (cast.QUANG, "Vi Văn Quang", Role.OPERATOR),
    ):
        user = user_writers.find_or_create(phone=phone, language="vi", actor=SYSTEM, at=at)
        user_writers.rename(user_id=user.id, name=name, actor=SYSTEM, at=at)
        user_writers.grant(user_id=user.id, role=role, actor=SYSTEM, at=at)
        second_factor.begin(user_id=user.id, at=at)
        # An old code, so that the one of this moment still opens the door.
        before = at - timedelta(minutes=10)
        second_factor.confirm(
            user_id=user.id, digits=second_factor.code_at(user.id, before), address="", at=before
        )
