"""Every refusal of the house has its words."""

import importlib
import pkgutil

import app as house
from app.core.errors import Refused
from app.web import messages


def _refusals(of: type[Refused]) -> set[type[Refused]]:
    return {found for one in of.__subclasses__() for found in {one, *_refusals(one)}}


def _of_the_house() -> set[type[Refused]]:
    for module in pkgutil.walk_packages(house.__path__, "app."):
        importlib.import_module(module.name)
    return {refused for refused in _refusals(Refused) if refused.__module__.startswith("app.")}


def test_every_refusal_has_its_words() -> None:
    missing = {f"{r.__module__}.{r.__name__}" for r in _of_the_house() - messages.SENTENCES.keys()}
    assert not missing, sorted(missing)


def test_control_a_new_refusal_is_missed() -> None:
    class Unheard(Refused):
        __module__ = "app.somewhere"

    assert Unheard in _of_the_house() - messages.SENTENCES.keys()
    del Unheard
