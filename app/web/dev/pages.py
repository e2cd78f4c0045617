"""The blueprints of this audience, in the order of their addresses."""

from flask import Blueprint

from app.web.dev import bank, doors, messages, sandbox_pages

BLUEPRINTS: tuple[Blueprint, ...] = (
    doors.blueprint,
    bank.pages,
    messages.pages,
    sandbox_pages.pages,
)  # fmt: skip
