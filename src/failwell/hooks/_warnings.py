"""Warnings that Python shows, for applications that want them recorded.

Owns `warnings.showwarning`; which warnings are shown, and how often, stays with Python's
own filters.
"""

import warnings
from collections.abc import Callable
from typing import Any

from failwell.hooks._link import Slot
from failwell.hooks._report import report


def _warning_is_shown(
    previous: Callable[..., object],
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    *rest: Any,  # noqa: ANN401 - of whatever function was there
    **named: Any,  # noqa: ANN401 - as above
) -> None:
    report(
        message,
        lambda settings: settings.hooks_warnings,
        origin="warning",
        code="WARNING",
        level="warning",
        context={"place": f"{filename}:{lineno}"},
    )
    previous(message, category, filename, lineno, *rest, **named)


WARNINGS = Slot(
    lambda: warnings.showwarning,
    lambda hook: setattr(warnings, "showwarning", hook),
    _warning_is_shown,
)
