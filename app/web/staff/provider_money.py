"""What providers hold, what it cost, and which line of the bank is money that one of them has passed on."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.money import BadNumber, Dong, parse_dong
from app.flows import provider_money
from app.payments.bank_lines import LineMoveRefused
from app.payments.providers.base import ProviderDown, SettlementNow
from app.web.access import Rule, rule
from app.web.messages import sentence
from app.web.signing_in import actor
from app.web.staff.typed import key_of
from app.web.storefront.entering import Answer

blueprint = Blueprint("provider_money", __name__, url_prefix="/quan-tri/cong-thanh-toan")
LONGEST = 60


@dataclass(frozen=True)
class Wrong:
    """What could not be done, at which field."""

    field: str
    text: str


@blueprint.get("")
@rule(Rule.STAFF)
def show() -> str:
    """Show what each provider holds; where one is asked, what it has passed on."""
    return _page()


def _page(wrong: Wrong | None = None) -> str:
    asked = request.args.get("hoi", "")[:LONGEST]
    found, silent = _ask(asked) if asked else ([], False)
    held = provider_money.held()
    return render_template(
        "staff/providers/all.html",
        held=held,
        to_bring=provider_money.to_bring(),
        tells={one.provider for one in held if provider_money.tells(one.provider)},
        lines=provider_money.lines_to_place(),
        asked=asked,
        found=found,
        silent=silent,
        wrong=wrong,
        done="xong" in request.args,
    )


def _ask(provider: str) -> tuple[list[SettlementNow], bool]:
    """Ask a provider. The second is whether it gave no answer. Raises: NotFound"""
    try:
        return provider_money.ask(provider, at=clock.now()), False
    except ProviderDown:
        return [], True


@blueprint.post("")
@rule(Rule.STAFF)
def settle() -> Response | Answer:
    """Say that a line of the bank is what a provider has passed on."""
    line = key_of(request.form.get("line"))
    provider = request.form.get("provider", "")[:LONGEST].replace("\x00", "")  # PostgreSQL takes none
    if line is None:
        return _page(Wrong("line", gettext("Choose the line of the bank"))), 422
    sums: dict[str, Dong | None] = {"gross": None, "fee": None}
    for name in sums:
        if name == "gross" or request.form.get(name, "").strip():
            try:
                sums[name] = _sum(name)
            except BadNumber:
                return _page(
                    Wrong(name, gettext("Write the sums in đồng, as the provider's report says"))
                ), 422
    gross, fee = sums["gross"] or 0, sums["fee"]
    try:
        provider_money.settle(line, provider, gross=gross, fee=fee, actor=actor(), at=clock.now())
    except NotFound:
        raise
    except Refused as refused:
        taken = isinstance(refused, LineMoveRefused)
        return _page(Wrong("line" if taken else "gross", sentence(refused))), 409 if taken else 422
    return redirect(url_for(".show", xong=""))


def _sum(name: str) -> Dong:
    return parse_dong(request.form.get(name, "")[:LONGEST], bare_thousands=False, smallest=0)
