"""An alert as people read it, by a template: ours, or one of the application's folder.

Owns that whatever an error said stays one harmless line, wherever a template puts it: it
forges no line, no header and no mention of everybody. A template that fails is passed over.
"""

import logging
import re
from pathlib import Path

import jinja2

from failwell.alerts._alert import Alert
from failwell.logs import escape

_TEMPLATES = Path(__file__).parent / "templates"
_MENTION = re.compile(r"@(?=everyone|here|channel|all)|<(?=[!@#])")
_logger = logging.getLogger("failwell")


class Renderer:
    """Makes texts of alerts.

    Args:
        folder: Where the application has templates of its own: `new.txt` and so on for
            a kind of rule, `alert.txt` for all others. None: it has none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._own = _environment(_TEMPLATES)
        self._theirs = None if folder is None else _environment(folder, _TEMPLATES)
        self._has_failed = False

    def render(self, alert: Alert) -> tuple[str, str]:
        """Return title and text: the first line of the template's, and the rest."""
        if self._theirs is not None:
            try:
                return _render(self._theirs, alert)
            except Exception as error:  # noqa: BLE001 - it is anybody's template
                self._complain(error)
        return _render(self._own, alert)

    def _complain(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            _logger.warning(
                "A template in FAILWELL_ALERTS_TEMPLATES fails (%s: %s); alerts are"
                " sent with the one that comes with failwell",
                type(error).__name__,
                error,
            )


def inert(value: object) -> str:
    """Return a value as one line that nothing acts upon."""
    return _MENTION.sub(
        lambda found: f"{found[0]}\N{ZERO WIDTH SPACE}", escape(str(value))
    )


def _environment(*folders: Path) -> jinja2.Environment:
    # Text, no HTML: what comes out of an expression is made inert instead.
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([str(folder) for folder in folders]),
        autoescape=jinja2.select_autoescape(()),
        finalize=inert,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _render(environment: jinja2.Environment, alert: Alert) -> tuple[str, str]:
    template = environment.select_template([f"{alert.kind}.txt", "alert.txt"])
    title, _, text = template.render(alert=alert).strip().partition("\n")
    return title.strip(), text.strip()
