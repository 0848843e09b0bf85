"""What an SQL statement does, as far as telling faults apart needs it.

Owns a reading of its first words, not a parser: verb, table, and which columns an
INSERT gives a value to. Where it does not understand, it says that it does not know.
"""

import re
from dataclasses import dataclass

# Enough for the head of any statement; a batch of rows may be megabytes.
_HEAD = 20_000

# Comments and strings, also unfinished ones, past quoted names that look like them.
_NOISE = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|('(?:[^']|'')*(?:'|\Z))|(\"[^\"]*\"|`[^`]*`)", re.DOTALL
)
_VERB = re.compile(r"\s*\(*\s*(\w+)")
_MAIN_VERB = re.compile(
    r"\b(INSERT|REPLACE|UPDATE|DELETE|MERGE|SELECT)\b", re.IGNORECASE
)
_PART = r'(?:[\w$]+|"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\])'
_TABLE = re.compile(
    r"\b(?:INTO|FROM|UPDATE(?:\s+OR\s+\w+|\s+IGNORE|\s+LOW_PRIORITY)?)"
    rf"\s+(?:ONLY\s+)?(?:{_PART}\s*\.\s*)*({_PART})",
    re.IGNORECASE,
)
_COLUMNS = re.compile(
    rf"\s*(?:AS\s+\w+\s*)?\(\s*((?:{_PART}\s*,\s*)*{_PART})?\s*\)", re.IGNORECASE
)
_NO_COLUMNS = re.compile(r"\s*DEFAULT\s+VALUES\b", re.IGNORECASE)
_VALUES = re.compile(r"\s*VALUES\s*\(", re.IGNORECASE)
_GENERATED = re.compile(
    r"\s*DEFAULT\s*$|\bNEXTVAL\s*\(|\bNEXT\s+VALUE\s+FOR\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What is known of a statement.

    Args:
        verb: `INSERT`, `UPDATE`, `DELETE`, … in capitals; empty when unknown.
        table: What it changes, without schema and quotes; empty when unknown.
        given: The columns that an INSERT gives a value to, rather than leave them to
            a default or a sequence; None when unknown.
    """

    verb: str = ""
    table: str = ""
    given: frozenset[str] | None = None


def read_statement(sql: str | None) -> Statement:
    """Return what can be told of `sql`."""
    text = _NOISE.sub(_silence, (sql or "")[:_HEAD])
    start = _VERB.match(text)
    verb = start[1].upper() if start else ""
    if verb == "WITH":
        # What the parts in parentheses do is not what the statement fails at, mostly.
        text = _without_parentheses(text)
        main = _MAIN_VERB.search(text)
        return Statement(main[1].upper() if main else "", _table(text))
    if verb not in {"INSERT", "REPLACE"}:
        return Statement(verb, _table(text))
    target = _TABLE.search(text)
    if target is None:
        return Statement(verb)
    return Statement(verb, _bare(target[1]), _given(text[target.end() :]))


def _table(text: str) -> str:
    target = _TABLE.search(text)
    return _bare(target[1]) if target else ""


def _bare(identifier: str) -> str:
    if identifier[0] in '"`[':
        quote = identifier[0]
        return identifier[1:-1].replace(quote * 2, quote)
    return identifier


def _given(rest: str) -> frozenset[str] | None:
    if _NO_COLUMNS.match(rest):
        return frozenset()
    listed = _COLUMNS.match(rest)
    if listed is None:
        return None
    names = [_bare(name) for name in re.findall(_PART, listed[1] or "")]
    values = _first_row(rest[listed.end() :])
    if len(values) != len(names):
        return frozenset(names)
    pairs = zip(names, values, strict=True)
    return frozenset(name for name, value in pairs if not _GENERATED.search(value))


def _first_row(rest: str) -> list[str]:
    """Return the expressions of the first row after VALUES, none where it is not."""
    start = _VALUES.match(rest)
    if start is None:
        return []
    values, depth = [""], 0
    for character in rest[start.end() :]:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
        if character == "," and depth == 0:
            values.append("")
        else:
            values[-1] += character
    return values


def _silence(noise: re.Match[str]) -> str:
    return noise[2] or ("''" if noise[1] else " ")


def _without_parentheses(text: str) -> str:
    kept, depth = [], 0
    for character in text:
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(character)
    return "".join(kept)
