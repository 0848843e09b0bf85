"""The applications under `examples/`, as a reader would start them."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def load_example() -> Callable[[str], ModuleType]:
    """Return a function that imports an example; it is no package."""

    def load(name: str) -> ModuleType:
        found = sys.modules.get(f"example_{name}")
        if found is not None:
            return found
        spec = importlib.util.spec_from_file_location(
            f"example_{name}", EXAMPLES / f"{name}.py"
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(params=sorted(path.stem for path in EXAMPLES.glob("*.py")))
def app(
    request: pytest.FixtureRequest, load_example: Callable[[str], ModuleType]
) -> Flask:
    """Return each example in turn."""
    made: Flask = load_example(request.param).create_app({"TESTING": True})
    return made
