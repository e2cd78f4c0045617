"""What providers are told of a payment and of a refund: frozen data for their adapters, nothing personal."""

from app.orders import queries as orders
from app.payments import queries as payments
from app.payments.models import Payment, Refund
from app.payments.providers.base import PaymentRequest, RefundRequest


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
        provider_ref=row.provider_ref,
        paid_ref=row.paid_ref,
    )


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
