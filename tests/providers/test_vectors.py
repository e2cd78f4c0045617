"""Every test vector goes through the product's own code; `--vectors FILE` takes another file of that form."""

import importlib
import json
from pathlib import Path

import pytest

OURS = Path(__file__).parent / "vectors.json"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    found = json.loads(Path(metafunc.config.getoption("--vectors") or OURS).read_text())
    vectors = found if isinstance(found, list) else found["vectors"]
    metafunc.parametrize("vector", vectors, ids=[v["id"] for v in vectors])


def test_the_vector_is_answered_rightly(vector: dict) -> None:
    importlib.import_module(f"tests.providers.vectors.{vector['protocol']}").check(vector)
