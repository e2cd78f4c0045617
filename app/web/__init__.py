"""Everything that speaks HTTP. `mount` is the table of all pages: which blueprint stands where."""

from flask import Flask

from app.config import Config
from app.web import access, bodies, caching, errors, filters, guard, headers, languages, signing_in, turns
from app.web.dev import pages as dev
from app.web.hooks import pages as hooks
from app.web.seller import pages as seller
from app.web.staff import pages as staff
from app.web.storefront import pages as storefront


def mount(app: Flask, config: Config) -> None:
    """Put every page at its address and every rule in front of it.

    Raises: access.RouteWithoutRule when a page does not say who may open it.
    """
    languages.init(app)
    bodies.init(app)
    signing_in.init(app)
    access.init(app)
    guard.init(app)
    filters.init(app)
    errors.init(app)
    caching.init(app)
    headers.init(app)
    turns.init(app)
    for blueprint in (*storefront.BLUEPRINTS, *seller.BLUEPRINTS, *staff.BLUEPRINTS, *hooks.BLUEPRINTS):
        app.register_blueprint(blueprint)
    if not config.is_production:
        for blueprint in dev.BLUEPRINTS:
            app.register_blueprint(blueprint)
    access.require_a_rule_for_every_route(app)
