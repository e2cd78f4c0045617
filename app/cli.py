"""The `flask` commands: each parses its words, then makes one call."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import AppGroup

from app import create_app, serving
from app.config import ROOT, Config
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import db
from app.core.errors import Refused
from app.core.phones import parse_phone
from app.demo import loading
from app.flows import bank_statements, proving, reconciling, rotating, staff_door
from app.payments import providers
from app.payments.rules import Standing
from app.regions import services as regions
from app.users.rules import STAFF, Role

market = AppGroup("market", help="Run and load the market.")
money = AppGroup("money", help="Look after the bank lines.")
keys = AppGroup("keys", help="Look after the keys of personal data.")
books = AppGroup("ledger", help="Look after the book.")
settings = AppGroup("config", help="Look at the settings.")
staff = AppGroup("staff", help="Say who works at the desks.")
PHONE = click.argument("phone")
ROLE = click.argument("role", type=click.Choice(sorted(role.value for role in STAFF)))


def register(app: Flask) -> None:
    """Hang the commands of the house onto `flask`."""
    app.cli.add_command(market)
    app.cli.add_command(books)
    app.cli.add_command(money)
    app.cli.add_command(settings)
    app.cli.add_command(keys)
    app.cli.add_command(staff)


def _config() -> Config:
    found: Config = current_app.extensions["market"]
    return found


def show_progress(what: str, done: int, of: int) -> None:
    """Write one line that counts up, or on a log one line per step of ten."""
    if sys.stdout.isatty():
        click.echo(f"\r  {what}: {done}/{of} ", nl=done == of)
    elif done == of or done % 20 == 0:
        click.echo(f"  {what}: {done}/{of}")


@market.command("run")
def run() -> None:
    """Prepare the database, load the demo market into an empty one, serve, and work until Ctrl-C."""
    config = _config()
    _prepare(config)
    serving.serve(config, say=click.echo)


@market.command("load")
def load() -> None:
    """Load administrative units and, outside production, the demo market."""
    _prepare(_config())


@market.command("worker")
def worker() -> None:
    """Work off the queue and the clocks."""
    huey = current_app.extensions["huey"]
    huey.create_consumer(workers=2, periodic=True, check_worker_health=True).run()


@money.command("statement")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bank", required=True, type=click.Choice(sorted(bank_statements.banks())))
@click.option("--account", default="", help="the account's number, where the file does not say it")
def take_statement(file: Path, bank: str, account: str) -> None:
    """Take a statement of a bank (CSV or XLSX); taken twice, it changes nothing."""
    try:
        taken = bank_statements.keep(file.read_bytes(), bank, SYSTEM, clock.now(), account=account)
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
    while taken.standing == Standing.UNDER_WAY:
        done = taken.done
        taken = bank_statements.take_part(taken.id, at=clock.now())
        show_progress("lines", taken.done, taken.lines)
        if taken.done == done:
            time.sleep(0.5)  # a worker has heard the bell and is at it
    if taken.standing == Standing.STOPPED:
        raise click.ClickException(f"{taken.code} stopped at line {taken.done + 1}: {taken.last_error}")
    click.echo(
        f"{taken.lines} lines: {taken.matched} matched, {taken.unmatched} for a person, {taken.known} known"
    )


@money.command("reconcile")
def reconcile() -> None:
    """Hold payments against providers and bank lines; every difference opens a case."""
    click.echo(f"{reconciling.reconcile(at=clock.now())} cases opened")


@keys.command("rotate")
def rotate() -> None:
    """Seal personal data with DATA_KEY that a key of DATA_KEYS_OLD sealed."""
    for what, count in rotating.rotate().items():
        click.echo(f"{what}: {count} sealed anew")


@books.command("check")
def check_book() -> None:
    """Prove that the book is sound; ends with 1 when it is not."""
    faults = proving.faults()
    for fault in faults:
        click.echo(f"{fault.invariant:5} {fault.what}: {fault.where}: {fault.amount}")
    click.echo(f"{len(faults)} faults" if faults else "The book is sound.")
    sys.exit(1 if faults else 0)


@settings.command("check")
def check_config() -> None:
    """Say which ways to pay are offered, and what the others lack; ends with 1 when a wanted one is not."""
    found = providers.standings(_config())
    for one in found:
        click.echo(f"{one.code}: {_standing(one)}")
    sys.exit(1 if any(one.code in _config().providers and not one.ready for one in found) else 0)


def _standing(one: providers.Standing) -> str:
    """Write how one stands. Never a key's value: only its name."""
    lacks = one.wrong or (f"set {', '.join(one.missing)}" if one.missing else "")
    if one.ready:
        return "offered"
    return f"not offered: {lacks}" if lacks else "not offered: its keys are set; name it in PROVIDERS"


@staff.command("grant")
@PHONE
@ROLE
def grant_role(phone: str, role: str) -> None:
    """Give somebody with an account a role: `flask staff grant 0912345678 operator`."""
    user = staff_door.make_staff(phone=parse_phone(phone), role=Role(role), at=clock.now())
    click.echo(f"{user.code} is {role} from now on; /quan-tri asks for a code app at the first visit.")


@staff.command("end")
@PHONE
@ROLE
def end_role(phone: str, role: str) -> None:
    """Take a role away; the very next request is refused."""
    ended = staff_door.end_staff(phone=parse_phone(phone), role=Role(role), at=clock.now())
    click.echo(f"{ended} ended")


@staff.command("forget-app")
@PHONE
def forget_app(phone: str) -> None:
    """Let somebody whose code app and recovery codes are lost enrol anew."""
    staff_door.forget_app(phone=parse_phone(phone), at=clock.now())
    click.echo("done: /quan-tri asks for a new code app")


def _prepare(config: Config) -> None:
    """Bring the database up to date; a demo file is made aside and moved in whole, never half."""
    path = Path(config.database_url.removeprefix("sqlite:///"))
    aside = path.with_suffix(".loading")
    if config.mode == "demo" and config.database_url.startswith("sqlite:///") and not path.exists():
        click.echo("Making the demo market, once:")
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob(f"{aside.name}*"):
            old.unlink()
        aside_app = create_app(replace(config, database_url=f"sqlite:///{aside}", queue_url="memory"))
        serving.load_aside(aside_app, progress=show_progress)
        aside.rename(path)
        return
    flask_migrate.upgrade()
    if config.mode == "demo":
        loading.load(create_app(config), at=clock.now(), progress=show_progress)  # and the units before it
    else:
        regions.load_units(ROOT / "data")
    db.session.remove()
