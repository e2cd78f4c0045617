"""Only what Stripe itself says counts: signatures, their age, the mode, and the look at the object."""

from collections.abc import Callable, Iterator

import pytest
import stripe as library

from app.payments import providers
from app.payments.providers import stripe as adapter_file
from app.payments.providers.base import BadSignature, RawRequest
from tests.factories import AT
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.doubles.stripe_shapes import sign
from tests.providers.stripe.buying import bought, fresh, started, verdicts


def test_forged_messages_are_refused_and_change_nothing(
    stripe: StripeDouble, knock: Callable[..., int], full: bool
) -> None:
    payment = bought()
    stripe.pay(started(payment))
    made = list(forgeries(stripe, 1000))
    adapter = providers.get("stripe")
    asked = len(stripe.asked)
    for name, body, headers in made:
        with pytest.raises(BadSignature):
            adapter.verify(RawRequest(body=body, headers=headers), at=AT)
        assert name
    sent = made if full else made[:40]
    assert {knock(body, headers) for _, body, headers in sent} == {401}
    assert verdicts() == ["rejected"] * len(sent)
    assert (fresh(payment).state, payment.received) == ("pending", 0)
    assert len(stripe.asked) == asked  # nobody makes us call Stripe without its key


def test_the_forged_messages_would_pay_were_they_not_proven(
    stripe: StripeDouble, knock: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = bought()
    stripe.pay(started(payment))
    monkeypatch.setattr(adapter_file, "is_signed", lambda *_, **__: True)
    _, body, headers = next(forgeries(stripe, 1))
    assert knock(body, headers) == 200
    assert fresh(payment).state == "paid"


def forgeries(stripe: StripeDouble, count: int) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Forge messages about a payment that is really paid, so that only the signature speaks against them."""
    event = stripe.unsent[0]
    for number in range(count):
        told = {**event, "id": f"evt_forged_{number}"}
        body, good = stripe.signed(told)
        other, _ = stripe.signed({**told, "created": number})
        match number % 8:
            case 0:
                yield "wrong key", body, {"Stripe-Signature": sign(body, f"whsec_{number}")}
            case 1:
                yield "empty", b"", good
            case 2:
                yield "another body's signature", other, good
            case 3:
                yield "more bytes", body + b" " * (1 + number), good
            case 4:
                yield "old key", body, {"Stripe-Signature": sign(body, "whsec_last_year")}
            case 5:
                yield "no signature", body, {}
            case 6:
                yield "scheme v0", body, {"Stripe-Signature": good["Stripe-Signature"].replace("v1=", "v0=")}
            case _:
                yield "hostile stamp", body, {"Stripe-Signature": f"t={'9' * number},v1=\u0660{number}"}


@pytest.mark.parametrize(("age", "status"), [(299, 200), (301, 401), (-299, 200), (-301, 401)])
def test_a_message_is_good_for_five_minutes(
    stripe: StripeDouble, knock: Callable[..., int], age: int, status: int
) -> None:
    payment = bought()
    stripe.pay(started(payment))
    body, headers = stripe.signed(stripe.unsent[0], at=AT.timestamp() - age)
    assert knock(body, headers) == status
    assert fresh(payment).state == ("paid" if status == 200 else "pending")


def test_the_librarys_own_signature_is_taken(stripe: StripeDouble, knock: Callable[..., int]) -> None:
    stripe.pay(started(bought()))
    body, _ = stripe.signed(stripe.unsent[0])
    header = library.WebhookSignature.generate_signature_header(
        body.decode(), stripe.secret, int(AT.timestamp())
    )
    assert knock(body, {"Stripe-Signature": header}) == 200


@pytest.mark.parametrize(("live", "status"), [(False, 200), (True, 401)])
def test_a_message_of_the_other_mode_is_refused(
    stripe: StripeDouble, knock: Callable[..., int], live: bool, status: int
) -> None:
    payment = bought()
    stripe.pay(started(payment))
    assert knock(*stripe.signed({**stripe.unsent[0], "livemode": live})) == status
    assert fresh(payment).state == ("paid" if status == 200 else "pending")


def test_whoever_knows_the_signing_secret_alone_pays_nothing(
    stripe: StripeDouble, knock: Callable[..., int]
) -> None:
    payment = bought()
    started(payment)
    told = {"id": "cs_test_forged", "client_reference_id": payment.code, "payment_status": "paid"}
    event = {"id": "evt_1", "type": "checkout.session.completed", "livemode": False, "data": {"object": told}}
    assert knock(*stripe.signed(event)) == 401
    lie = stripe.objects[payment.provider_ref or ""] | {"payment_status": "paid", "status": "complete"}
    assert knock(*stripe.signed(event | {"data": {"object": lie}})) == 200  # it is asked, and says "open"
    assert fresh(payment).state == "pending"


def test_a_message_that_cannot_be_checked_is_asked_for_again(
    stripe: StripeDouble, knock: Callable[..., int]
) -> None:
    payment = bought()
    stripe.pay(started(payment))
    event = stripe.unsent[0]
    stripe.down = True
    assert knock(*stripe.signed(event)) == 503
    assert (fresh(payment).state, verdicts()) == ("pending", ["broken"])
    stripe.down = False
    assert knock(*stripe.signed(event)) == 200
    assert fresh(payment).state == "paid"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b"[" * 9000, b'{"type":1,"livemode":false,"data":[]}']
)
def test_signed_nonsense_is_kept_and_asked_for_again(
    stripe: StripeDouble, knock: Callable[..., int], body: bytes
) -> None:
    assert knock(body, {"Stripe-Signature": sign(body, stripe.secret)}) == 503
    assert verdicts() == ["broken"]
    assert knock(body, {"Stripe-Signature": sign(body, "whsec_other")}) == 401
