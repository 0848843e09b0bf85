"""How an application's errors look at which of its addresses.

Owns the forms, the scopes that an application declares, and which of them counts at a
path. Refuses to render.
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

from flask import Blueprint, Flask

from failwell.responses._rendering._negotiation import prefers_html, prefers_problem

Form = Literal["auto", "envelope", "problem", "html"]
"""`auto` negotiates by `Accept`; the others are fixed."""
FORMS: tuple[str, ...] = get_args(Form)

STYLE = "failwell.style"


def is_below(path: str, prefix: str) -> bool:
    """Return whether a path is at or below a prefix."""
    return path == prefix or path.startswith(f"{prefix}/")


@dataclass(frozen=True, slots=True)
class Scope:
    """What an application declares for the addresses at and below a prefix."""

    prefix: str
    blueprint: Blueprint | None
    form: Form | None

    def blueprint_names(self, app: Flask) -> list[str]:
        """Return the name of the blueprint in `app`, then those around it."""
        for name, blueprint in app.blueprints.items():
            if blueprint is self.blueprint:
                steps = name.split(".")
                return [".".join(steps[:n]) for n in range(len(steps), 0, -1)]
        return []

    def covers(self, path: str) -> bool:
        """Return whether a path is at or below the prefix."""
        return is_below(path, self.prefix)


class Scopes:
    """The scopes of one application."""

    def __init__(self) -> None:
        self._scopes: list[Scope] = []

    def add(
        self, prefix: str | None, blueprint: Blueprint | None, form: Form | None
    ) -> None:
        """Declare a scope; see `Failwell.scope`.

        Raises:
            ValueError: The prefix is no path, is there already, or the form is unknown.
        """
        if prefix is None:
            prefix = "" if blueprint is None else blueprint.url_prefix or ""
        prefix = prefix.rstrip("/")
        if not prefix.startswith("/"):
            message = (
                f"scope() got the prefix {prefix!r}; allowed is a path such as /api/v1, "
                "or a blueprint that has a url_prefix"
            )
            raise ValueError(message)
        if any(scope.prefix == prefix for scope in self._scopes):
            message = (
                f"scope({prefix!r}) is declared already: give all of it in one call"
            )
            raise ValueError(message)
        if form is not None and form not in FORMS:
            message = f"scope() got the form {form!r}; allowed: {', '.join(FORMS)}"
            raise ValueError(message)
        self._scopes.append(Scope(prefix, blueprint, form))
        # The longest prefix first: it is the nearest.
        self._scopes.sort(key=lambda scope: -len(scope.prefix))

    def at(self, path: str) -> Scope | None:
        """Return the nearest scope around a path."""
        for scope in self._scopes:
            if scope.covers(path):
                return scope
        return None


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided before the client is asked."""

    form: Form
    may_be_html: bool

    @property
    def is_negotiated(self) -> bool:
        """Whether the answer depends on `Accept`."""
        return self.form == "auto" or self.may_be_html

    def settle(self, accept: str) -> Literal["envelope", "problem", "html"]:
        """Return the form of one answer; never none, whatever `accept` says."""
        if self.may_be_html and prefers_html(accept):
            return "html"
        if self.form != "auto":
            return self.form
        return "problem" if prefers_problem(accept) else "envelope"


# Made once: an answer looks one up.
_FIXED = {form: Choice(form, may_be_html=False) for form in get_args(Form)}
_WITH_PAGES = {form: Choice(form, may_be_html=True) for form in get_args(Form)}


@dataclass(frozen=True, slots=True)
class Style:
    """How one application renders.

    Args:
        form: Where no scope says otherwise.
        api_prefix: Below it answers are JSON, elsewhere pages for those who prefer
            them; empty: JSON everywhere.
        has_catalogue: Whether `/problems/` is served, so that `type` leads there.
        scopes: What the application declared.
    """

    form: Form = "auto"
    api_prefix: str = ""
    has_catalogue: bool = False
    scopes: Scopes = field(default_factory=Scopes)

    def choose(self, path: str) -> Choice:
        """Return how to answer at a path."""
        scope = self.scopes.at(path)
        if scope is not None and scope.form is not None:
            return _FIXED[scope.form]
        if self.api_prefix and not is_below(path, self.api_prefix):
            return _WITH_PAGES[self.form]
        return _FIXED[self.form]


_DEFAULT = Style()


def style_of(app: Flask) -> Style:
    """Return how `app` renders."""
    style: Style = app.extensions.get(STYLE, _DEFAULT)
    return style
