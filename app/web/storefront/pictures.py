"""Photos by their key: public and ready ones only, kept for a year since a key never changes its picture."""

import re

from flask import Blueprint, Response, request

from app.core.errors import NotFound
from app.core.storage import storage
from app.media import queries as photos
from app.media import rules
from app.web.access import Rule, rule
from app.web.caching import YEAR

blueprint = Blueprint("pictures", __name__)
_KEY = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/anh/<key>/<int:size>.webp")
@rule(Rule.PUBLIC)
def show(key: str, size: int) -> Response:
    """Send one size of a photo.

    Raises: NotFound for photos of claims and papers as for unknown ones.
    """
    if not _KEY.fullmatch(key) or size not in rules.SIZES:
        raise NotFound("photo")
    found = photos.find_by_key(key)
    public = found is not None and found.visibility == rules.Visibility.PUBLIC
    if found is None or not public or found.state != rules.State.READY:
        raise NotFound("photo")
    etag = f"{key[:16]}-{size}"
    response = Response(content_type="image/webp")
    response.set_etag(etag)
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    if request.if_none_match.contains_weak(etag):
        response.status_code = 304
        return response
    response.set_data(storage().get(rules.size_key(key, size)))
    return response
