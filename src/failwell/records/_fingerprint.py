"""Which errors are the same one: the algorithm `fw1`.

Owns what counts: the code, the types, and where it happened as (module, function).
Lines, paths, messages and library frames between do not, so a group outlives edits,
deployments, and ids in messages.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

import re2

from failwell.records._frames import Link, walk_chain
from failwell.records._message import message_of
from failwell.records._places import Place
from failwell.records._text import type_name

ALGORITHM = "fw1"
_HASH_BYTES = 8

_TEMPLATE_LENGTH = 200

# What varies between two messages of one fault: quoted text, addresses, and any word
# with a digit in it (numbers, dates, uuids, hashes).
_VARIABLE = re2.compile(
    r"""'[^']*'|"[^"]*"|[^\s@]+@[^\s@]+|[\w.+:-]*\d[\w.+:-]*|0x[0-9a-fA-F]+"""
)


def fingerprint(error: BaseException, code: str = "INTERNAL_ERROR") -> str:
    """Return the hash of the group that an exception belongs to.

    Args:
        error: The exception, raised or not.
        code: The error code it is answered with.

    Returns:
        16 hexadecimal digits.
    """
    return fingerprint_chain(walk_chain(error), code)


def fingerprint_chain(chain: tuple[Link, ...], code: str) -> str:
    """Return the hash of the group of a chain that has been walked; see `fingerprint`."""
    return _hash(_parts(chain, code))


def fingerprint_explicit(parts: Iterable[str]) -> str:
    """Return the hash of the group that the application named itself."""
    return _hash((ALGORITHM, "explicit", *parts))


def message_fingerprint(error: BaseException) -> tuple[str, ...]:
    """Return an own fingerprint for an error that is what it says, wherever it is said."""
    return "message", template(message_of(error))


def _hash(parts: Iterable[str]) -> str:
    encoded = "\0".join(parts).encode("utf-8", "backslashreplace")
    return blake2b(encoded, digest_size=_HASH_BYTES).hexdigest()


def message_part(raised: Link) -> str:
    """Return what a message adds to the fingerprint: nothing where there is a stack."""
    return "" if raised.stack.places else template(message_of(raised.error))


def _parts(chain: tuple[Link, ...], code: str) -> Iterator[str]:
    raised, *leading = chain
    yield ALGORITHM
    yield code
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
