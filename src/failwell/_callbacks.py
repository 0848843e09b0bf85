"""What an application lets failwell ask: whose an error is, its group, who may look.

Owns the questions. Those about errors are asked by the recorder, the last by the console;
both guard themselves.
"""

import inspect
from collections.abc import Callable
from typing import TypeVar

AskUser = TypeVar("AskUser", bound=Callable[[], object])
AskGroup = TypeVar("AskGroup", bound=Callable[[BaseException], object])
AskVisitor = TypeVar("AskVisitor", bound=Callable[[], object])


class Callbacks:
    """The functions of one application, or of several that share them."""

    def __init__(self) -> None:
        self.user: Callable[[], object] | None = None
        self.group: Callable[[BaseException], object] | None = None
        self.visitor: Callable[[], object] | None = None

    def ask_user(self, function: AskUser) -> AskUser:
        """Have `function` asked who the user is.

        Raises:
            TypeError: It is no function, or a coroutine function.
        """
        self.user = _checked(function, "the user is told by a function")
        return function

    def ask_group(self, function: AskGroup) -> AskGroup:
        """Have `function` asked for the fingerprint of an error.

        Raises:
            TypeError: As above.
        """
        self.group = _checked(function, "the group is told by a function")
        return function

    def ask_visitor(self, function: AskVisitor) -> AskVisitor:
        """Have `function` asked who of the application's users may enter the console.

        Raises:
            TypeError: As above.
        """
        self.visitor = _checked(function, "the console's visitor is told by a function")
        return function


Function = TypeVar("Function")


def _checked(function: Function, wanted: str) -> Function:
    if not callable(function) or inspect.iscoroutinefunction(function):
        kind = "a coroutine function" if callable(function) else repr(function)
        message = f"{wanted} that can be called where the error is, not by {kind}"
        raise TypeError(message)
    return function
