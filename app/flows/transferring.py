"""The code of a bank transfer as a buyer sees it: drawn anew each time, for its number is not kept twice."""

from dataclasses import replace
from datetime import datetime

from app.core.errors import NotFound
from app.flows import briefing
from app.flows.following import Bill
from app.payments import providers
from app.payments import queries as payments
from app.payments.providers.base import Can, Qr
from app.payments.providers.vietqr import NoAccount


def is_transfer(provider_code: str) -> bool:
    """Say whether a payment of this provider is made by scanning a code on our own page."""
    try:
        return Can.QR in providers.get(provider_code).can
    except NotFound:
        return False


def code_of(bill: Bill, *, at: datetime) -> Qr | None:
    """Give the code for what is still missing of a bill; None for one that is not paid this way."""
    if not bill.to_pay or not is_transfer(bill.provider):
        return None
    request = replace(briefing.payment(payments.get_by_code(bill.code)), amount=bill.rest)
    try:
        answer = providers.get(bill.provider).start(request, at=at)
    except NoAccount:
        return None
    return answer if isinstance(answer, Qr) else None
