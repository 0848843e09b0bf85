"""Which group an error belongs to: what the application says, else an algorithm.

Owns the forms in which an application may say it, and the algorithms that this version
knows. A group carries its hashes by all of them, so that another one can take over and
the errors from before are still found in the same group.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from failwell.records._chain import Chain, walk_chain
from failwell.records._fingerprint import FW1, fw1, hash_of
from failwell.records._redact import redact, redact_text
from failwell.records._text import is_text

_PARTS = 20
_PART_LENGTH = 200
_SAID = "fingerprint"
_DEFAULT = "{{default}}"


class Algorithm(NamedTuple):
    """A way to tell what counts of an error."""

    name: str
    parts: Callable[[Chain, str], Iterable[str]]
    """From a chain and a code to what is hashed; the first part names the algorithm."""


ALGORITHMS = (Algorithm(FW1, fw1),)
"""Those of this version; the first one gives new groups their hash."""


class Group(NamedTuple):
    """What an error was found to belong to."""

    hash: str
    algorithm: str
    parts: tuple[str, ...]
    aliases: dict[str, str]
    """The hashes by the other algorithms."""


def group_of(
    chain: Chain,
    code: str,
    said: tuple[str, ...] = (),
    algorithms: Sequence[Algorithm] = ALGORITHMS,
) -> Group:
    """Return the group of an error.

    Args:
        chain: The error.
        code: The code that it is answered with.
        said: What the application says, as `read_fingerprint` returns it; empty leaves it
            to the algorithms.
        algorithms: The first one counts.
    """
    found = [_parts(chain, code, said, algorithm) for algorithm in algorithms]
    hashes = {a.name: hash_of(p) for a, p in zip(algorithms, found, strict=True)}
    name = algorithms[0].name
    return Group(hashes.pop(name), name, found[0], hashes)


def fingerprint(error: BaseException, code: str = "INTERNAL_ERROR") -> str:
    """Return the hash of the group that an exception belongs to.

    Args:
        error: The exception, raised or not.
        code: The error code it is answered with.

    Returns:
        16 hexadecimal digits.
    """
    said = read_fingerprint(getattr(error, "fingerprint", None))
    return group_of(walk_chain(error), code, said).hash


def read_fingerprint(given: object) -> tuple[str, ...]:
    """Return what an application says about a group, redacted and bounded.

    That is a text, or a list or tuple of texts and numbers, of which the first twenty
    count; `{{ default }}` in it stands for what would count otherwise. Anything else, and
    an empty list, says nothing.
    """
    if is_text(given):
        return (_part(given),) if given else ()
    if type(given) is list or type(given) is tuple:
        return tuple([_part(part) for part in given[:_PARTS]])
    return ()


def _part(given: object) -> str:
    if is_text(given):
        return redact_text(given, _PART_LENGTH)
    redacted = redact(given)
    text = redacted if is_text(redacted) else msgspec.json.encode(redacted).decode()
    return redact_text(text, _PART_LENGTH)


def _parts(
    chain: Chain, code: str, said: tuple[str, ...], algorithm: Algorithm
) -> tuple[str, ...]:
    if not said:
        return tuple(algorithm.parts(chain, code))
    parts = [_SAID]
    for part in said:
        if part.replace(" ", "") == _DEFAULT:
            parts += algorithm.parts(chain, code)
        else:
            parts.append(part)
    return tuple(parts)
