"""What all public pages need to render: absolute addresses in both languages."""

from typing import Any

from flask import current_app, render_template, request
from werkzeug.urls import iri_to_uri

from app.config import Config
from app.web.languages import language


def config() -> Config:
    """Give the configuration of this market."""
    found: Config = current_app.extensions["market"]
    return found


def page(template: str, *, keep_query: bool = False, **values: Any) -> str:
    """Render a page that is the same for everybody.

    keep_query: the query belongs to the page's own address; elsewhere it is only somebody's tracking.
    """
    path = request.full_path.rstrip("?") if keep_query else request.path
    path = iri_to_uri(path)
    site = config().public_url
    addresses = {"vi": site + path, "en": f"{site}/en{path}"}
    return render_template(template, site=site, addresses=addresses, address=addresses[language()], **values)
