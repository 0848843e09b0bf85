"""What an exception says, read without trusting it.

Owns the reading of messages and notes; what is hidden in them stands in `_redact`.

The one thing of the application's that runs here is the `__str__` of an exception whose
class has its own. A thread cannot be interrupted: one that raises or returns 100 MB is
bounded, one that sleeps is waited for.
"""

import msgspec

from failwell.records._redact import redact, redact_text
from failwell.records._text import clean, is_text, type_name

_READ_LENGTH = 4096
_NOTES = 10
_NOTE_LENGTH = 1000

NOTES = "__notes__"
_dict_of = BaseException.__dict__["__dict__"].__get__


def message_of(error: BaseException) -> str:
    """Return the redacted message of an exception, whatever its `__str__` does.

    Where that is the built-in one, the arguments are read directly: no `repr` of theirs
    runs, and what stands in a mapping is redacted by its names.
    """
    try:
        return redact_text(_read(error))
    except Exception as problem:  # noqa: BLE001 - `__str__` is anybody's code
        return f"<no message: {type_name(type(problem))} while reading it>"


def notes_of(error: BaseException) -> tuple[str, ...]:
    """Return the first ten notes of an exception, redacted; what is no text is no note."""
    try:
        notes = _dict_of(error).get(NOTES)
        if type(notes) is not list:
            return ()
        return tuple(
            [
                redact_text(note, _NOTE_LENGTH)
                for note in notes[:_NOTES]
                if is_text(note)
            ]
        )
    except Exception as problem:  # noqa: BLE001 - the message is worth more than its notes
        return (f"<no notes: {type_name(type(problem))} while reading them>",)


def _read(error: BaseException) -> str:
    reader = type(error).__str__
    if reader is KeyError.__str__ and len(error.args) == 1:
        return repr(_argument(error.args[0]))
    if reader not in (BaseException.__str__, KeyError.__str__):
        return str(error)
    if not error.args:
        return ""
    return _argument(error.args[0] if len(error.args) == 1 else error.args)


def _argument(value: object) -> str:
    if is_text(value):
        return clean(value, _READ_LENGTH)
    redacted = redact(value)
    if isinstance(redacted, str):
        return redacted
    return msgspec.json.encode(redacted).decode()
