"""What an exception says, read without trusting it.

Owns the reading of messages; what is hidden in them stands in `_redact`.
"""

import msgspec

from failwell.records._redact import redact, redact_text
from failwell.records._text import clean

_READ_LENGTH = 4096


def message_of(error: BaseException) -> str:
    """Return the redacted message of an exception, whatever its `__str__` does.

    Where that is the built-in one, the arguments are read directly: no `repr` of theirs
    runs, and what stands in a mapping is redacted by its names.
    """
    try:
        return redact_text(_read(error))
    except Exception as problem:  # noqa: BLE001 - `__str__` is anybody's code
        return f"<no message: {type(problem).__name__} while reading it>"


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
    if issubclass(type(value), str):
        return clean(str(value), _READ_LENGTH)
    redacted = redact(value)
    if isinstance(redacted, str):
        return redacted
    return msgspec.json.encode(redacted).decode()
