"""The codes that buyers scan, read by an independent reader; and the adapter's words to the house."""

import io
import random
import re
from datetime import timedelta

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from app.config import BadConfig, Config
from app.core import codes
from app.papers import qr
from app.payments import providers
from app.payments.providers import emv
from app.payments.providers.base import BadSignature, BankAccount, Fact, PaymentRequest, Qr, RawRequest
from app.payments.providers.vietqr import NoAccount, VietQr
from app.shops import banks
from tests.accounts import painted
from tests.conftest import SECRETS
from tests.factories import AT

LAN = BankAccount("970405", "Agribank", "8400123456789", "HOANG THI LANH")
SMALL, BLUR = 160, 0.9  # pixels of the whole picture, and of the blur's radius


def asked(
    code: str = "CS7K2M9Q4T", amount: int = 200_000, account: BankAccount | None = LAN
) -> PaymentRequest:
    return PaymentRequest(
        code=code,
        amount=amount,
        settlement="direct",
        description="",
        created_at=AT,
        expires_at=AT + timedelta(minutes=15),
        language="vi",
        key="payment",
        account=account,
    )


def read(picture: Image.Image) -> str | None:
    # Banks' apps look for this kind alone; a row of modules may happen to look like a line code too.
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return found[0].text if len(found) == 1 else None


def blurred(picture: Image.Image) -> Image.Image:
    small = picture.convert("L").resize((SMALL, SMALL), Image.Resampling.BOX)
    return small.filter(ImageFilter.GaussianBlur(BLUR))


def chance_order(chance: random.Random) -> PaymentRequest:
    """Make up an order: any bank, any number a bank gives, any sum."""
    bank = chance.choice(banks.everyone())
    alphabet = "0123456789" if chance.random() < 0.9 else codes.ALPHABET
    number = "".join(chance.choice(alphabet) for _ in range(chance.randint(6, 19)))
    amount = chance.choice((chance.randint(1_000, 2_000_000), chance.randint(1, emv.MOST), emv.MOST))
    code = codes.new_code("CS", 8, rng=chance)
    return asked(code, amount, BankAccount(bank.bin, bank.name, number, "LAN"))


def test_random_orders_are_read_exactly_as_they_were_written(full: bool) -> None:
    """Acceptance 69: account, sum, memo and checksum; also from 160 pixels with a blur."""
    orders, chance, misread, unread = 10_000 if full else 300, random.Random(69), 0, 0
    for _ in range(orders):
        order = chance_order(chance)
        made = VietQr().start(order, at=AT)
        picture = Image.open(io.BytesIO(qr.png(made.payload)))
        wanted = emv.Transfer(order.account.bin, order.account.number, order.amount, order.code)
        text = read(picture)
        misread += text != made.payload or emv.decode(text) != wanted
        unread += read(blurred(picture)) != made.payload
    print(f"QR: {orders} orders, {misread} misread, {unread} unread at {SMALL} px with blur {BLUR}")
    assert (misread, unread) == (0, 0)


def test_control_a_strong_blur_is_not_read() -> None:
    picture = Image.open(io.BytesIO(qr.png(VietQr().start(asked(), at=AT).payload)))
    assert read(blurred(picture).filter(ImageFilter.GaussianBlur(6))) is None


def test_control_a_changed_module_row_changes_what_is_read() -> None:
    one = VietQr().start(asked(amount=200_000), at=AT).payload
    other = VietQr().start(asked(amount=200_001), at=AT).payload
    assert read(Image.open(io.BytesIO(qr.png(other)))) != one


def test_the_page_s_drawing_is_the_picture_s() -> None:
    """The SVG's dark runs, painted, are read as the same code; it carries no style and no script."""
    payload = VietQr().start(asked(), at=AT).payload
    svg = qr.svg(payload)
    assert not re.search(r"style=|<script|on\w+=|class=", svg)
    assert read(painted(svg)) == payload


@pytest.mark.parametrize("seed", range(20))
def test_any_one_wrong_sign_of_a_code_is_seen(seed: int) -> None:
    chance = random.Random(seed)
    payload = VietQr().start(chance_order(chance), at=AT).payload
    for place in range(len(payload)):
        other = (
            payload[:place] + chance.choice(codes.ALPHABET.replace(payload[place], "")) + payload[place + 1 :]
        )
        with pytest.raises(emv.BadCode):
            emv.decode(other)


@pytest.mark.parametrize(
    "text", ["", "6304", "63041D0F", "0" * 500, "đ", "\x00", "00020101021138630", "9" * 99]
)
def test_nonsense_is_no_code(text: str) -> None:
    with pytest.raises(emv.BadCode):
        emv.decode(text)
    with pytest.raises(emv.BadCode):
        body = text + "6304"
        emv.decode(f"{body}{emv.checksum(body):04X}")


def test_the_checksum_is_the_one_that_is_documented() -> None:
    assert emv.checksum("123456789") == 0x29B1


def test_the_memo_is_the_code_alone_and_bears_a_check() -> None:
    """And a payment's code keeps to the form that banks leave alone."""
    for _ in range(200):
        code = codes.new_code("CS", 8)
        made = VietQr().start(asked(code), at=AT)
        assert made.memo == code == emv.decode(made.payload).message
        assert re.fullmatch("[A-Z]{2}[0-9A-HJKMNP-TV-Z]{6,8}", code) and codes.check_code(code)


def test_the_same_payment_always_gives_the_same_code() -> None:
    assert VietQr().start(asked(), at=AT) == VietQr().start(asked(), at=AT + timedelta(hours=1))


@pytest.mark.parametrize("amount", [0, -1, 500_000_000])
def test_a_sum_that_no_transfer_carries_is_refused(amount: int) -> None:
    with pytest.raises(emv.BadCode):
        VietQr().start(asked(amount=amount), at=AT)


def test_without_an_account_there_is_no_code() -> None:
    with pytest.raises(NoAccount):
        VietQr().start(asked(account=None), at=AT)


def test_held_goes_to_the_operator_whoever_sells() -> None:
    operator = BankAccount("970436", "Vietcombank", "0123456789", "CHO SO LANG SON")
    held = VietQr(operator=operator)
    made = held.start(asked(), at=AT)
    assert isinstance(made, Qr) and (made.account, made.holder) == ("0123456789", "CHO SO LANG SON")
    assert (held.settlements, VietQr().settlements) == ({"held"}, {"direct"})


def test_nobody_can_write_to_it() -> None:
    with pytest.raises(BadSignature):
        VietQr().verify(RawRequest(b'{"paid": true}'), at=AT)
    assert VietQr().query(asked(), at=AT).fact is Fact.PENDING


def test_held_needs_the_operator_s_account() -> None:
    keys = {"OPERATOR_BANK": "vietcombank", "OPERATOR_ACCOUNT": "0123456789", "OPERATOR_HOLDER": "CHO SO"}
    held = Config(settlements={"vietqr": "held"}, **SECRETS)
    assert providers.missing(held, "vietqr") == tuple(keys)
    assert providers.missing(Config(**SECRETS), "vietqr") == ()
    whole = Config(settlements={"vietqr": "held"}, keys=keys, **SECRETS)
    made = providers.BUILDERS["vietqr"](whole).start(asked(), at=AT)
    assert emv.decode(made.payload).bin == "970436"
    with pytest.raises(BadConfig, match="OPERATOR_BANK"):
        providers.BUILDERS["vietqr"](
            Config(settlements={"vietqr": "held"}, keys=keys | {"OPERATOR_BANK": "nhà băng"}, **SECRETS)
        )
