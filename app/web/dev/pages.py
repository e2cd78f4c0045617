"""The blueprints of this audience, in the order of their addresses."""

from flask import Blueprint

from app.web.dev import doors, messages, sandbox_pages

BLUEPRINTS: tuple[Blueprint, ...] = (
    doors.blueprint,
    messages.pages,
    sandbox_pages.pages,
)  # fmt: skip
