"""The blueprints of this audience, in the order of their addresses."""

from flask import Blueprint

from app.web.staff import (
    bank_lines,
    book,
    cases,
    desk,
    door,
    payouts,
    provider_money,
    refunds,
    statements,
    unsent,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    door.blueprint,
    desk.blueprint,
    bank_lines.blueprint,
    statements.blueprint,
    cases.blueprint,
    refunds.blueprint,
    payouts.blueprint,
    provider_money.blueprint,
    unsent.blueprint,
    book.blueprint,
)  # fmt: skip
