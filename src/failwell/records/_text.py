"""Text that can always be encoded: the first thing done to whatever comes from outside."""

from typing import TypeGuard

LABEL_LENGTH = 300
"""Of codes, routes, users: what one filters by."""
_NAME_LENGTH = 200

# Past the metaclass, whose attributes are anybody's code.
_module_of = type.__dict__["__module__"].__get__
_qualified_name_of = type.__dict__["__qualname__"].__get__


def clean(text: str, limit: int) -> str:
    """Return `text` cut to `limit` characters, without what encoders and databases refuse.

    Lone surrogates become their escapes (UTF-8 has none), and so does NUL (PostgreSQL
    refuses it). A subclass of str comes back as a plain one, its own methods uncalled.
    """
    cut = str.__getitem__(text, slice(limit))
    if str.isprintable(cut):
        return cut
    encodable = cut.encode("utf-8", "backslashreplace").decode("utf-8")
    return encodable.replace("\0", "\\x00")[:limit]


def type_name(kind: type) -> str:
    """Return a type's qualified name; built-in ones go without their module."""
    try:
        module = _module_of(kind)
    except AttributeError:
        # Made where there was no name of a module.
        module = None
    name = _qualified_name_of(kind)
    if type(module) is str and module != "builtins":
        name = f"{module}.{name}"
    return clean(name, _NAME_LENGTH)


def is_text(value: object) -> TypeGuard[str]:
    """Return whether `value` is a str, without asking it."""
    return issubclass(type(value), str)
