"""The hooks of the process: put in place for the first application, gone with the last."""

from failwell._settings import Settings
from failwell.hooks._applications import Catcher, add
from failwell.hooks._ends import PROCESS, THREADS
from failwell.hooks._link import Slot
from failwell.hooks._log_lines import LOG_LINES
from failwell.hooks._warnings import WARNINGS


def watch(catcher: Catcher) -> None:
    """Have this process's errors recorded, as far as the settings ask for it.

    Nothing holds the catcher. A hook that is in place already is not put there again;
    when the last application is gone, all of them are taken away.
    """
    add(catcher, unwatch)
    for slot in _wanted(catcher.settings):
        slot.install()


def unwatch() -> None:
    """Take the hooks away; those that another tool has built upon do nothing any more."""
    for slot in (THREADS, PROCESS, LOG_LINES, WARNINGS):
        slot.uninstall()


def _wanted(settings: Settings) -> list[Slot]:
    choices = {
        THREADS: settings.hooks_threads,
        PROCESS: settings.hooks_process,
        LOG_LINES: settings.hooks_logging != "OFF" or settings.hooks_asyncio,
        WARNINGS: settings.hooks_warnings,
    }
    return [slot for slot, is_wanted in choices.items() if is_wanted]
