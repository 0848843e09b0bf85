"""What makes two errors the same one: the algorithm `fw1`.

Owns what counts: the code, the types, and where it happened as (module, function).
Lines, paths, messages and library frames between do not, so a group outlives edits,
deployments, and ids in messages.
"""

from collections.abc import Iterator
from hashlib import blake2b

import re2

from failwell.records._chain import (
    Chain,
    Link,
    is_group,
    line_of,
    members_of,
    walk_line,
)
from failwell.records._message import message_of
from failwell.records._places import Place
from failwell.records._text import type_name

FW1 = "fw1"
_HASH_BYTES = 8

_TEMPLATE_LENGTH = 200
_MEMBERS = 1000
_DEPTH = 5

# What varies between two messages of one fault: quoted text, addresses, and any word
# with a digit in it (numbers, dates, uuids, hashes).
_VARIABLE = re2.compile(
    r"""'[^']*'|"[^"]*"|[^\s@]+@[^\s@]+|[\w.+:-]*\d[\w.+:-]*|0x[0-9a-fA-F]+"""
)


def fw1(chain: Chain, code: str) -> Iterator[str]:
    """Yield what counts of an error, in the order in which it is hashed."""
    line = line_of(chain)
    yield FW1
    yield code
    yield from _of_line(line)
    yield from member_keys(line)


def hash_of(parts: tuple[str, ...]) -> str:
    """Return the hash of what counts, 16 hexadecimal digits."""
    encoded = "\0".join(parts).encode("utf-8", "backslashreplace")
    return blake2b(encoded, digest_size=_HASH_BYTES).hexdigest()


def message_fingerprint(error: BaseException) -> tuple[str, ...]:
    """Return the fingerprint of what is the same wherever it is said."""
    return "message", template(message_of(error))


def message_part(raised: Link) -> str:
    """Return what a message adds to the fingerprint: nothing where there is a stack.

    Nothing either where there are members: it tells how many.
    """
    if raised.stack.places or is_group(raised.error):
        return ""
    return template(message_of(raised.error))


def member_keys(line: Chain) -> list[str]:
    """Return the hash of each kind of member that the groups of a line have, sorted.

    Neither order nor number of the members counts. Of groups within groups five levels
    are looked at, and a thousand members in all.
    """
    if not any(is_group(link.error) for link in line):
        return []
    return _member_keys(line, iter(range(_MEMBERS)), _DEPTH)


def _member_keys(line: Chain, budget: Iterator[int], depth: int) -> list[str]:
    keys = set()
    for link in line:
        if is_group(link.error) and depth:
            for member in members_of(link.error):
                if next(budget, None) is None:
                    break
                led = walk_line(member)
                parts = (*_of_line(led), *_member_keys(led, budget, depth - 1))
                keys.add(f"member {hash_of(parts)}")
    return sorted(keys)


def _of_line(line: Chain) -> Iterator[str]:
    raised, *leading = line
    yield type_name(type(raised.error))
    places = raised.stack.places
    yield from _stack_keys(places) if places else (message_part(raised),)
    for link in leading:
        yield f"{link.relation} {type_name(type(link.error))}"
    if leading and leading[-1].stack.places:
        yield leading[-1].stack.places[-1].key


def _stack_keys(places: tuple[Place, ...]) -> Iterator[str]:
    # Each place once, in the order of its first appearance: not only a function that
    # calls itself, also two that call each other are one group at any depth.
    crash = places[-1]
    in_app = dict.fromkeys(place.key for place in places if place.in_app)
    yield from in_app or dict.fromkeys(place.key for place in places)
    if not crash.in_app:
        yield f"in {crash.key}"


def template(message: str) -> str:
    """Return the first line of a message with what varies replaced by `?`."""
    first_line = message.partition("\n")[0][:_TEMPLATE_LENGTH]
    return str(_VARIABLE.sub("?", first_line))
