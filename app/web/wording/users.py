"""Words for refusals about people: phones, PINs, codes, limits."""

from flask_babel import format_time, gettext, ngettext

from app.core.phones import BadPhone, PhoneFault
from app.core.pins import PinFault
from app.flows import changing_phone
from app.users import codes, limits, pins, services
from app.web.wording import Sentences


def _too_many(refused: limits.TooManyTries) -> str:
    until = format_time(refused.until, "HH:mm")
    return gettext("Too many wrong tries. Try again after %(time)s, or call us for help.", time=until)


def _wrong_code(refused: codes.WrongCode) -> str:
    return ngettext(
        "That is not the code we sent. You can try %(num)s more time.",
        "That is not the code we sent. You can try %(num)s more times.",
        refused.left,
    )


def _wrong_pin(refused: pins.WrongPin) -> str:
    if refused.left == 0:
        return gettext("Phone number and PIN do not go together. Ask for a code now.")
    return ngettext(
        "Phone number and PIN do not go together. You can try %(num)s more time.",
        "Phone number and PIN do not go together. You can try %(num)s more times.",
        refused.left,
    )


def _too_soon(refused: codes.CodeTooSoon) -> str:
    again = format_time(refused.again_at, "HH:mm:ss")
    return gettext("A code has just been sent. You can ask for another one at %(time)s.", time=again)


def pin_fault(fault: PinFault) -> str:
    """Say what is wrong with a new PIN."""
    return {
        PinFault.NOT_SIX_DIGITS: gettext("A PIN has exactly 6 digits."),
        PinFault.PATTERN: gettext("This PIN is easy to guess, like 123456 or 112233. Choose another one."),
        PinFault.DATE: gettext("This PIN looks like a date, which people try first. Choose another one."),
        PinFault.PHONE: gettext("This PIN is part of your phone number. Choose another one."),
    }[fault]


def bad_phone(fault: BadPhone) -> str:
    """Say what is wrong with a typed phone number."""
    if fault.reason is PhoneFault.TOO_SHORT:
        return ngettext(
            "The phone number is %(num)s digit short",
            "The phone number is %(num)s digits short",
            fault.missing,
        )
    return {
        PhoneFault.EMPTY: gettext("Type your phone number"),
        PhoneFault.NOT_DIGITS: gettext("A phone number has digits only"),
        PhoneFault.TOO_LONG: gettext("The phone number has too many digits"),
        PhoneFault.UNKNOWN_PREFIX: gettext("No phone number begins like this. Look at it again"),
        PhoneFault.FOREIGN: gettext("Only phone numbers of Vietnam can be used"),
    }[fault.reason]


SENTENCES: Sentences = {
    codes.CodeTooSoon: _too_soon,
    codes.CodeVoid: lambda _: gettext("This code is no longer good. Ask for a new one."),
    codes.ProofVoid: lambda _: gettext("Too much time has passed. Begin with your phone number again."),
    codes.WrongCode: _wrong_code,
    limits.TooManyTries: _too_many,
    pins.PinBlocked: lambda _: gettext("The PIN was wrong 5 times. We send a code to the phone instead."),
    pins.UserDisabled: lambda _: gettext("This account is closed. Call us if you did not expect that."),
    pins.WeakPin: lambda refused: pin_fault(refused.fault),
    pins.WrongPin: _wrong_pin,
    services.NameTooLong: lambda refused: ngettext(
        "A name can have up to %(num)s letter", "A name can have up to %(num)s letters", refused.most
    ),
    services.PhoneTaken: lambda _: gettext("This number already has an account. Sign in with it instead."),
    changing_phone.SamePhone: lambda _: gettext("This is your number already"),
}
