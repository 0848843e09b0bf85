"""How a failing view is declared: what it answers stands above it."""

from collections.abc import Callable
from typing import Any

from failwell import AppError

Declared = type[AppError] | str
View = Callable[..., Any]
Views = dict[str, tuple[View, tuple[Declared, ...]]]


def answering(views: Views, *declared: Declared) -> Callable[[View], View]:
    """Add the view to `views` with the errors that it may answer."""

    def add(view: View) -> View:
        views[view.__name__] = (view, declared)
        return view

    return add
