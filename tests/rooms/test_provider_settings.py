"""Which providers a configuration offers, and what `flask config check` says of the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask

from app.config import PROVIDER_KEYS, BadConfig, Config, Mode
from app.core.errors import NotFound
from app.payments import providers
from app.payments.providers import hosts

SECRET = "never-to-be-shown"
WALLETS = ("vnpay", "momo", "zalopay")
KEYS = {key: SECRET for code in WALLETS for key in PROVIDER_KEYS[code]} | {"ZALOPAY_APP_ID": "999001"}


def made(mode: Mode = "demo", **keys: str) -> Config:
    return Config(mode=mode, secret_key="x" * 32, providers=("cod", *WALLETS), keys=keys)


def offered_by(config: Config) -> set[str]:
    kept = dict(providers._offered)
    try:
        providers.bind(config)
        return {provider.code for provider in providers.offered()}
    finally:
        providers._offered.clear()
        providers._offered.update(kept)


def test_a_provider_is_offered_when_all_its_keys_are_set() -> None:
    assert offered_by(made()) == {"cod"}
    assert offered_by(made(**KEYS)) == {"cod", *WALLETS}


@pytest.mark.parametrize("key", sorted(KEYS))
def test_one_key_less_and_it_is_not(key: str) -> None:
    (code,) = [code for code in WALLETS if key in PROVIDER_KEYS[code]]
    left = {k: v for k, v in KEYS.items() if k != key}
    assert offered_by(made(**left)) == {"cod", *WALLETS} - {code}
    assert providers.missing(made(**left), code) == (key,)


def test_test_machines_are_called_outside_production_and_real_ones_in_it() -> None:
    for key, url in hosts.TEST.items():
        assert hosts.of(made(), key) == url
        assert hosts.of(made("production"), key) == hosts.LIVE.get(key, "")
    assert providers.missing(made("production", **KEYS), "vnpay") == ("VNPAY_API_URL",), "told at go-live"


@pytest.mark.parametrize(
    ("mode", "url"),
    [
        ("production", "https://test-payment.momo.vn"),
        ("production", "https://TEST-PAYMENT.momo.vn/v2"),
        ("production", "http://payment.momo.vn"),
        ("demo", "https://payment.momo.vn"),
    ],
)
def test_test_and_real_machines_are_never_mixed(mode: Mode, url: str) -> None:
    with pytest.raises(BadConfig, match="MOMO_API_URL"):
        offered_by(made(mode, **KEYS, MOMO_API_URL=url))


def test_a_provider_that_nobody_built_stops_the_boot() -> None:
    with pytest.raises(BadConfig, match="paypal"):
        offered_by(replace(made(), providers=("paypal",)))


def test_what_is_not_offered_has_no_door(app: Flask) -> None:
    with pytest.raises(NotFound):
        providers.get("momo")
    assert app.test_client().post("/hooks/momo", data=b"{}").status_code == 404


@contextmanager
def configured(app: Flask, config: Config) -> Iterator[None]:
    kept = app.extensions["market"]
    app.extensions["market"] = config
    try:
        yield
    finally:
        app.extensions["market"] = kept


def checked(app: Flask, config: Config) -> tuple[int, dict[str, str]]:
    """Run `flask config check`."""
    with configured(app, config):
        result = app.test_cli_runner().invoke(args=["config", "check"])
    assert SECRET not in result.output
    lines = dict(line.split(": ", 1) for line in result.output.splitlines())
    return result.exit_code, lines


def test_config_check_names_what_is_missing(app: Flask) -> None:
    left = {k: v for k, v in KEYS.items() if k not in ("MOMO_ACCESS_KEY", "MOMO_SECRET_KEY")}
    code, lines = checked(app, replace(made(**left), providers=("cod", "momo", "vnpay")))
    assert code == 1
    assert lines["cod"] == lines["vnpay"] == "offered"
    assert lines["momo"] == "not offered: set MOMO_ACCESS_KEY, MOMO_SECRET_KEY"
    assert lines["zalopay"] == "not offered: its keys are set; name it in PROVIDERS"
    assert lines["sepay"] == "not offered: set SEPAY_SECRET"


def test_config_check_says_what_is_wrong(app: Flask) -> None:
    keys = KEYS | {"MOMO_API_URL": "https://payment.momo.vn", "ZALOPAY_APP_ID": "cho-so"}
    code, lines = checked(app, made(**keys))
    assert code == 1
    assert "never mixed" in lines["momo"]
    assert lines["zalopay"] == "not offered: ZALOPAY_APP_ID: use a whole number"


def test_config_check_is_content_when_all_that_is_wanted_is_there(app: Flask) -> None:
    code, lines = checked(app, made(**KEYS))
    assert (code, {lines[one] for one in ("cod", *WALLETS)}) == (0, {"offered"})
    assert set(lines) >= {"sandbox", *providers.BUILDERS, *PROVIDER_KEYS}
