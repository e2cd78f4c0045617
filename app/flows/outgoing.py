"""What a bank line of money that goes out may prove: a payout to a household, a refund to a buyer."""

from datetime import datetime

from app.flows import bank_feed, bank_refunds, paying_farmers
from app.ledger.rules import OPERATOR
from app.payments import feeds
from app.payments import queries as payments
from app.payments.matching import squeeze
from app.payments.models import BankLine
from app.payments.rules import Way
from app.shops import accounts


def bind() -> None:
    """Let lines whose memo holds such a code prove what it names."""
    bank_feed.OUTGOING.update({"CT": _payout, "HT": _refund})


def _payout(line: BankLine, code: str, at: datetime) -> bool:
    """Only the operator's own account pays households."""
    return _is_ours(line) and paying_farmers.proves(line, code, at)


def _refund(line: BankLine, code: str, at: datetime) -> bool:
    """A refund leaves the operator's account or, in direct, the one of the household that owes it."""
    refund = payments.find_refund(code)
    if refund is None:
        return False
    by_household = refund.way == Way.HOUSEHOLD
    fits = refund.shop_id in accounts.shops_paid_into(line.account, at=at) if by_household else _is_ours(line)
    if not fits:
        return False
    # Some banks give no number: then the line has one of ours, so that another line is another transfer.
    number = line.reference or line.transfer_key
    return bank_refunds.confirm_by_line(code, line.amount, number, at=at, account=OPERATOR)


def _is_ours(line: BankLine) -> bool:
    return bool(line.account) and squeeze(line.account) == squeeze(feeds.operator_account())
