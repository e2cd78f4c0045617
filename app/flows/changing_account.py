"""Where a household is paid: the first account at once, another one by a code and after a day."""

import json
from datetime import datetime

from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import Refused
from app.core.sealing import seal, unseal
from app.flows import signing_in
from app.notices import services as notices
from app.notices.rules import Kind
from app.shops import accounts, queries
from app.shops.models import Shop
from app.shops.rules import NEW_PHONE_WAITS, Role
from app.users import codes
from app.users import queries as users
from app.users.rules import Purpose


class PhoneTooNew(Refused):
    """The owner's phone was changed lately: its code proves too little for moving the money."""


def open_first(*, shop_id: int, draft: accounts.Draft, actor: Actor, at: datetime) -> accounts.Shown:
    """Note a household's first account.

    Raises: accounts.AccountExists
    """
    with atomic(durable=True):
        return accounts.open_first(shop_id=shop_id, draft=draft, actor=actor, at=at)


def begin(
    *,
    shop_id: int,
    draft: accounts.Draft,
    token: str,
    language: str,
    address: str,
    actor: Actor,
    at: datetime,
) -> str:
    """Send the owner a code for this very account. Returns it sealed, to be brought back with the code.

    Raises: PhoneTooNew, codes.CodeTooSoon, limits.TooManyTries.
    """
    assert actor.user_id is not None  # noqa: S101
    owner = users.get(actor.user_id)
    if users.changed_phone_since(owner.id, at - NEW_PHONE_WAITS):
        raise PhoneTooNew
    signing_in.ask_for_code(
        phone=owner.phone or "",
        purpose=Purpose.CHANGE_BANK,
        token=token,
        language=language,
        address=address,
        user_id=owner.id,
        at=at,
    )
    return seal(json.dumps([token, shop_id, owner.id, draft.bin, draft.number, draft.holder]))


def finish(*, shop_id: int, token: str, sealed: str, actor: Actor, at: datetime) -> accounts.Shown:
    """Take the proven account; it takes over after a day, and every phone of the household hears of it.

    Raises: codes.ProofVoid
    """
    asked, shop, user, *typed = json.loads(unseal(sealed))
    with atomic(durable=True):
        proof = codes.use(token=token, at=at)
        mine = (proof.purpose, proof.user_id) == (Purpose.CHANGE_BANK, actor.user_id)
        if not mine or (asked, shop, user) != (token, shop_id, actor.user_id):
            raise codes.ProofVoid
        made = accounts.change(shop_id=shop_id, draft=accounts.Draft(*typed), actor=actor, at=at)
        _warn(queries.get(shop_id), made, at)
        return made


def asked_for(sealed: str) -> accounts.Draft:
    """Give the account that waits for its code."""
    return accounts.Draft(*json.loads(unseal(sealed))[3:])


def take_back(*, shop_id: int, actor: Actor, at: datetime) -> None:
    """Keep the old account.

    Raises: NotFound when no change waits.
    """
    with atomic(durable=True):
        accounts.take_back(shop_id=shop_id, actor=actor, at=at)


def _warn(shop: Shop, made: accounts.Shown, at: datetime) -> None:
    """Tell the owner, and the number that the shop itself gives: whoever took one phone has not the other."""
    facts = {"last4": made.last4}
    owners = [m.user_id for m in queries.members_of(shop.id) if m.role == Role.OWNER]
    known = {users.get(user_id).phone for user_id in owners}
    for user_id in owners:
        notices.enqueue(kind=Kind.BANK_CHANGED, user_id=user_id, facts=facts, at=at)
    if shop.contact_phone and shop.contact_phone not in known:
        notices.enqueue(kind=Kind.BANK_CHANGED, phone=shop.contact_phone, facts=facts, at=at)
