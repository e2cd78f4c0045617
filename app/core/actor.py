"""Who does a thing, and for whom."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The person (or nobody, or the house itself) behind a write, as journals record it.

    kind: "user", "guest" (a buyer without sign-in) or "system".
    on_behalf_of: the user a team member acts for, under `consent_id`.
    """

    kind: str
    user_id: int | None = None
    on_behalf_of: int | None = None
    consent_id: int | None = None
    device: str = ""


SYSTEM = Actor("system")
GUEST = Actor("guest")
