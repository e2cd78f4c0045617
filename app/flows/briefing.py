"""What providers are told of a payment and of a refund: frozen data for their adapters, nothing personal."""

from app.orders import queries as orders
from app.payments import providers
from app.payments import queries as payments
from app.payments.models import Payment, Refund
from app.payments.providers.base import BankAccount, Can, PaymentRequest, RefundRequest
from app.shops import accounts


def payment(row: Payment, language: str = "vi", *, site: str = "", address: str = "") -> PaymentRequest:
    """Give a payment as adapters see it.

    site: where the market stands ("https://…"), for the way back; address: the payer's network address.
    """
    purchase = orders.get_purchase(row.purchase_id)
    prefix = f"{site}/en" if language == "en" else site
    return PaymentRequest(
        code=row.code,
        amount=row.amount,
        settlement=row.settlement,
        description=f"Cho so {row.code}",
        created_at=row.created_at,
        expires_at=row.expires_at,
        language=language,
        key=f"payment:{row.code}:{row.attempt}",
        attempt=row.attempt,
        return_url=f"{prefix}/tra/{purchase.code}?k={orders.link_token(purchase)}" if site else "",
        notify_url=f"{site}/hooks/{row.provider}" if site else "",
        payer_address=address,
        account=_receiver(row),
        provider_ref=row.provider_ref,
        paid_ref=row.paid_ref,
    )


def _receiver(row: Payment) -> BankAccount | None:
    """Give the household's own account where it is paid by transfer.

    It is the one that received when the payment was made: a code that somebody has saved stays true.
    """
    if row.shop_id is None or row.settlement != "direct" or Can.QR not in providers.get(row.provider).can:
        return None
    found = accounts.find_active(row.shop_id, at=row.created_at)
    return BankAccount(found.bin, found.bank, found.number, found.holder) if found else None


def refund(row: Refund) -> RefundRequest:
    """Give a refund as adapters see it."""
    return RefundRequest(
        code=row.code,
        payment=payment(payments.get(row.payment_id)),
        amount=row.amount,
        key=f"refund:{row.code}",
        created_at=row.created_at,
        reason=row.reason,
        provider_ref=row.provider_ref,
    )
