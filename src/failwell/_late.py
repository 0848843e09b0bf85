"""Names of a package, and modules, that are loaded when somebody asks for them.

Owns the two hooks (PEP 562) by which whoever imports a package for a part of it does not
pay for the rest.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence


def late(
    package: str, homes: Mapping[str, str], listed: Sequence[str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a package.

    Args:
        package: Its `__name__`.
        homes: Each late name with the module that has it.
        listed: Its `__all__`.
    """

    def load(name: str) -> object:
        home = homes.get(name)
        if home is None:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message)
        return getattr(importlib.import_module(home), name)

    def list_names() -> list[str]:
        return sorted({*vars(importlib.import_module(package)), *listed})

    return load, list_names


class LateModule:
    """A module that is imported when one of its names is asked for.

    Args:
        name: Its full name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self._name), name)
