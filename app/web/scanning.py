"""Codes that somebody scans with a bank's app to send a refund."""

from markupsafe import Markup

from app.flows.refund_accounts import Transfer
from app.papers import qr
from app.payments.providers import emv


def code_of(transfer: Transfer) -> Markup | None:
    """Draw the VietQR of a transfer as SVG; None for a sum above what one transfer carries."""
    try:
        text = emv.encode(emv.Transfer(transfer.bank_bin, transfer.number, transfer.amount, transfer.memo))
    except emv.BadCode:
        return None
    return Markup(qr.svg(text))  # noqa: S704 - our own drawing
