"""Text that can always be encoded: the first thing done to whatever comes from outside."""


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
    name = f"{kind.__module__}.{kind.__qualname__}"
    return clean(name.removeprefix("builtins."), 200)
