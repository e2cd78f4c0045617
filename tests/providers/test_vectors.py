"""Every test vector goes through the product's own code; `--vectors FILE` takes another file of that form."""

import importlib
import importlib.util
import json
from pathlib import Path

import pytest

OURS = Path(__file__).parent / "vectors.json"
AWAITED = {"sepay", "casso", "stripe"}  # adapters that are not here yet; empty it as they come


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    found = json.loads(Path(metafunc.config.getoption("--vectors") or OURS).read_text())
    vectors = found if isinstance(found, list) else found["vectors"]
    metafunc.parametrize("vector", vectors, ids=[v["id"] for v in vectors])


def test_the_vector_is_answered_rightly(vector: dict) -> None:
    name = f"tests.providers.vectors.{vector['protocol']}"
    if importlib.util.find_spec(name) is None and vector["protocol"] in AWAITED:
        pytest.skip(f"no adapter for {vector['protocol']} yet")
    importlib.import_module(name).check(vector)
