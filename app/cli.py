"""The `flask` commands: each parses its words, then makes one call."""

import sys
from dataclasses import replace
from pathlib import Path

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import AppGroup

from app import create_app, serving
from app.config import ROOT, Config
from app.core import clock
from app.core.db import db
from app.core.phones import parse_phone
from app.demo import loading
from app.flows import staff_door
from app.ledger import queries as ledger
from app.regions import services as regions
from app.users.rules import STAFF, Role

market = AppGroup("market", help="Run and load the market.")
books = AppGroup("ledger", help="Look after the book.")
staff = AppGroup("staff", help="Say who works at the desks.")
PHONE = click.argument("phone")
ROLE = click.argument("role", type=click.Choice(sorted(role.value for role in STAFF)))


def register(app: Flask) -> None:
    """Hang the commands of the house onto `flask`."""
    app.cli.add_command(market)
    app.cli.add_command(books)
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


@books.command("check")
def check_book() -> None:
    """Prove that the book is sound; ends with 1 when it is not."""
    faults = ledger.faults()
    for fault in faults:
        click.echo(f"{fault.what}: {fault.where}: {fault.amount}")
    click.echo(f"{len(faults)} faults")
    sys.exit(1 if faults else 0)


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
    regions.load_units(ROOT / "data")
    if config.mode == "demo":
        loading.load(create_app(config), at=clock.now(), progress=show_progress)
    db.session.remove()
