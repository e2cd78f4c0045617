"""The blueprints of this audience, in the order of their addresses."""

from flask import Blueprint

from app.web.hooks import feeds, providers

BLUEPRINTS: tuple[Blueprint, ...] = (providers.pages, feeds.pages)
