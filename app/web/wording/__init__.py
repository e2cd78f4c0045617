"""The words for every refusal, one file a room; `app.web.messages` puts them together."""

from collections.abc import Callable
from typing import Any

from app.core.errors import Refused

# A class of refusals -> what says it in the reader's language.
Sentences = dict[type[Refused], Callable[[Any], str]]
