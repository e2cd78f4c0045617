"""The control's market: it says yes to every order and forgets it."""

from sqlalchemy.orm import Session

from app import create_app

app = create_app()
Session.commit = Session.rollback  # type: ignore[method-assign,assignment]
