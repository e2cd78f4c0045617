"""Files of a person that are made on the way out: named, never guessed at, kept by nobody."""

from flask import Response


def document(data: bytes, content_type: str, name: str, *, attached: bool = False) -> Response:
    """Answer with a file. attached: saved at once instead of shown."""
    response = Response(data, content_type=content_type)
    response.headers["Content-Disposition"] = f'{"attachment" if attached else "inline"}; filename="{name}"'
    return response
