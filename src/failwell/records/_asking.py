"""What the application says of an error when it is asked: its group, and whose it is.

Owns the order in which places are asked, and the guard around code of the application's.
"""

from failwell._callbacks import Callbacks
from failwell._scope import Scope
from failwell.records._context import user_text
from failwell.records._given import Details
from failwell.records._grouping import read_fingerprint
from failwell.records._losses import Losses
from failwell.records._redact import redact_text
from failwell.records._text import LABEL_LENGTH


class Asking:
    """Asks, and goes on without an answer where that fails.

    Args:
        callbacks: The functions that the application registered.
        losses: Where missing answers are counted.
    """

    def __init__(self, callbacks: Callbacks, losses: Losses) -> None:
        self._callbacks = callbacks
        self._losses = losses

    def fingerprint(self, error: BaseException, details: Details) -> tuple[str, ...]:
        """Return what makes the group of an error; empty where nothing is said.

        Who captures is asked first, then the exception, then the application's function.
        """
        try:
            own, ask = getattr(error, "fingerprint", None), self._callbacks.group
            if not details and own is None and ask is None:
                return ()
            said = read_fingerprint(details.get("fingerprint"))
            said = said or read_fingerprint(own)
            if not said and ask is not None:
                said = read_fingerprint(ask(error))
        except Exception as problem:  # noqa: BLE001 - the application's code
            self._losses.add("fingerprint not read", problem)
            return ()
        return said

    def user(self, given: object, scope: Scope) -> str | None:
        """Return who has met an error, redacted, or None.

        Who captures is asked first, then the scope, then the application's function.
        """
        try:
            user = scope.user if given is None else given
            if user is None and self._callbacks.user is not None:
                user = self._callbacks.user()
            if user is None or user == "":
                return None
            return redact_text(user_text(user), LABEL_LENGTH)
        except Exception as problem:  # noqa: BLE001 - the application's code
            self._losses.add("user not read", problem)
            return None
