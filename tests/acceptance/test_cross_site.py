"""46: no other site can press a button here. Every writing address, with and without our session cookie."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.config import Config
from app.web.access import Rule
from tests.acceptance.addresses import address
from tests.acceptance.asking import CART, RAW_TOKEN, SESSION, World, scratch
from tests.acceptance.forms import forms_of

FOREIGN = "https://khac.example"
# What another site's form, or a careless browser, would send with our session cookie.
WITH_COOKIE = {
    "no token": ({}, {}),
    "bad token": ({"csrf_token": "x"}, {}),
    "another's token": ({"csrf_token": "ImFiYyI.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"}, {}),
    "bad origin": ({}, {"Origin": FOREIGN}),
    "bad origin, good token": (None, {"Origin": FOREIGN}),
    "origin that begins like ours": (None, {"Origin": "http://localhost.khac.example"}),
    "null origin, cross-site": (None, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}),
    "cross-site": ({}, {"Sec-Fetch-Site": "cross-site"}),
    "cross-site, good token": (None, {"Sec-Fetch-Site": "cross-site"}),
    "same-site, good token": (None, {"Sec-Fetch-Site": "same-site"}),
    "same-origin, no token": ({}, {"Sec-Fetch-Site": "same-origin"}),
}
WITHOUT_COOKIE = {
    "bad origin": {"Origin": FOREIGN},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "none": {"Sec-Fetch-Site": "none"},
    "nothing said": {},
}


def writers(world: World) -> Iterator[tuple[str, str, str]]:
    """List every writing address with somebody who may use it: endpoint, role, address."""
    for route in world.routes():
        if "POST" in (route.methods or ()) and world.rule(route) is not Rule.HOOK:
            known = list(world.forms.get(route.endpoint, {}))
            role = next((r for r in ("owner", "other_owner", "buyer") if r in known), (known or ["owner"])[0])
            if world.rule(route) is Rule.STAFF:
                role = "operator"
            if route.endpoint in ("seller_orders.sent_back", "order.refund_received"):
                role = "other_owner"
            url = address(world, route, role, "own")
            assert url is not None, route
            yield route.endpoint, role, url


def pressed_from_afar(world: World) -> list[str]:
    """Send every form as another site would; name what was not refused or changed a row."""
    found = []
    for endpoint, role, url in writers(world):
        data = world.filled(endpoint, role)
        data.pop("csrf_token", None)
        jar = {k: v for k, v in world.cookies[role].items() if k != SESSION}
        signed = world.cookies[role] if SESSION in world.cookies[role] else world.cookies["arriving"] | jar
        for name, (token, headers) in WITH_COOKIE.items():
            good = {"csrf_token": world.token} if token is None else token
            answer = world.ask(
                role, url, "POST", {**data, **good}, ours=False, cookies=signed, headers=headers
            )
            if answer.status_code != 403 or answer.changed:
                found.append(f"{endpoint}, {name}: {answer.status_code} {answer.changed}")
        for name, headers in WITHOUT_COOKIE.items():
            answer = world.ask(role, url, "POST", data, ours=False, cookies=jar, headers=headers)
            if answer.status_code != 403 or answer.changed:
                found.append(f"{endpoint}, no cookie, {name}: {answer.status_code} {answer.changed}")
    return found


def test_no_other_site_presses_a_button_here(world: World) -> None:
    assert pressed_from_afar(world) == []
    count = len(list(writers(world)))
    print(f"{count} writing addresses, {count * (len(WITH_COOKIE) + len(WITHOUT_COOKIE))} requests")


def test_the_same_forms_do_change_rows_when_they_are_our_own(world: World) -> None:
    """The harness would see a change: sent from our own pages, the forms make them."""
    still = [
        endpoint
        for endpoint, role, url in writers(world)
        if not world.ask(role, url, "POST", world.filled(endpoint, role)).changed
    ]
    # They need something first that this market has not got: a photo, a line taken out.
    assert set(still) <= {
        *("bank_account.code", "bank_account.resend", "bank_account.keep"),
        *("selling.start", "selling.photo", "editing.photo", "shop_settings.cover", "cart.undo"),
        *("signing_in.phone", "signing_in.resend", "account.resend", "opening.start", "dev.become"),
        "dev_bank.press",  # nobody in this market waits for a transfer
        *("pricing.price", "counting.count", "editing.edit", "seller_goods.unhide", "review.delivery"),
        *(
            "account.phone_code",
            "signing_in.code",
            "signing_in.pin",
            "account.messages_in",
            "shop_settings.rest",
        ),
        *("publishing.preview", "review.way_to_pay", "pay.start"),
        "refund.missing",  # the household has not yet said that it sent anything
        "payouts.draft",  # nobody here has a bank account
        "bank_lines.upload",  # no file can be made up
        # Nobody here waits for a refund by bank.
        *("refunds.came_back", "refunds.by_bank", "refunds.approve", "refunds.account"),
    }, still


def test_only_hooks_are_exempt(world: World) -> None:
    """A hook takes what another machine sends; nothing else does."""
    for route in world.routes():
        if "POST" in (route.methods or ()) and world.rule(route) is Rule.HOOK:
            assert route.rule.startswith("/hooks/")
            hook = route.rule.replace("<provider>", "sandbox")
            answer = world.ask("anonymous", hook, "POST", ours=False, headers={"Origin": FOREIGN})
            assert answer.status_code == 401


@pytest.mark.parametrize("endpoint", ["cart.add", "cart.change", "review.place", "order.cancel", "pay.again"])
def test_a_silent_browser_presses_once_more(world: World, endpoint: str) -> None:
    """Neither Origin nor Sec-Fetch-Site: the small page sets the cookie and repeats the form with a token."""
    _, role, url = next(w for w in writers(world) if w[0] == endpoint)
    data = world.filled(endpoint, "anonymous")
    data.pop("csrf_token", None)
    jar = {CART: world.cookies["anonymous"][CART]}
    first = world.ask("anonymous", url, "POST", data, ours=False, cookies=jar)
    assert (first.status_code, first.changed) == (403, [])
    cookie = first.headers["Set-Cookie"]
    assert cookie.startswith(f"{SESSION}=")
    form = forms_of(first.text)[0]
    assert {k: v for k, v in form.fields.items() if k != "csrf_token"} == data
    jar[SESSION] = cookie.split("=", 1)[1].split(";")[0]
    again = world.ask("anonymous", url, "POST", form.fields, ours=False, cookies=jar)
    assert again.status_code < 400 and again.changed


def test_a_token_fits_its_own_session_only(world: World) -> None:
    """A token of one visitor is worth nothing in another's session."""
    jar = {SESSION: _session(world, "d" * len(RAW_TOKEN))}
    answer = world.ask(
        "owner", "/ban/gian-hang", "POST", {"csrf_token": world.token}, ours=False, cookies=jar,
        headers={"Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
    assert (answer.status_code, answer.changed) == (403, [])


def _session(world: World, raw: str) -> str:
    client = world.app.test_client()
    client.set_cookie(SESSION, world.cookies["owner"][SESSION])
    with client.session_transaction() as session:
        session["csrf_token"] = raw
    cookie = client.get_cookie(SESSION)
    assert cookie is not None
    return cookie.value


def _unguarded(app: Flask) -> None:
    """Take the guard away."""
    hooks = app.before_request_funcs[None]
    hooks[:] = [hook for hook in hooks if hook.__module__ != "app.web.guard"]


def test_control_without_the_guard_rows_change(world: World, config: Config) -> None:
    with scratch(world, config, _unguarded) as broken:
        routes = [
            r for r in broken.routes() if r.endpoint in ("cart.change", "seller_goods.hide", "order.cancel")
        ]
        broken.routes = lambda: routes  # type: ignore[method-assign]
        found = pressed_from_afar(broken)
    # Without a sign-in the household's page stays shut; all the rest goes through.
    assert len([line for line in found if "UPDATE" in line or "INSERT" in line]) == 3 * len(
        WITH_COOKIE
    ) + 2 * len(WITHOUT_COOKIE)
