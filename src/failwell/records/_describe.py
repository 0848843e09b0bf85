"""A chain of exceptions as it is recorded: types, redacted messages, notes and frames."""

import msgspec

from failwell.records._chain import Chain, Link, walk_chain
from failwell.records._message import message_of, notes_of
from failwell.records._model import ExceptionInfo
from failwell.records._redact import Redaction
from failwell.records._text import type_name
from failwell.records._variables import BOUNDS, variables_of


def describe(error: BaseException) -> tuple[ExceptionInfo, ...]:
    """Return an exception, what led to it and its members, the raised one first."""
    return describe_chain(walk_chain(error))


def describe_chain(chain: Chain) -> tuple[ExceptionInfo, ...]:
    """Return a chain that has been walked, with its frames."""
    return tuple(
        msgspec.structs.replace(info, frames=link.stack.frames, stack="")
        for link, info in zip(chain, refer_to_stacks(chain), strict=True)
    )


def refer_to_stacks(chain: Chain) -> tuple[ExceptionInfo, ...]:
    """Return a chain whose frames stand elsewhere, by the names of the stacks."""
    return tuple([_info(link) for link in chain])


def add_variables(
    chain: Chain, infos: tuple[ExceptionInfo, ...]
) -> tuple[ExceptionInfo, ...]:
    """Return what `refer_to_stacks` made of a chain, with its local variables."""
    left = Redaction(BOUNDS)
    return tuple(
        msgspec.structs.replace(
            info, variables=variables_of(link.error.__traceback__, link.stack, left)
        )
        for link, info in zip(chain, infos, strict=True)
    )


def _info(link: Link) -> ExceptionInfo:
    error, stack = link.error, link.stack
    return ExceptionInfo(
        type=type_name(type(error)),
        message=message_of(error),
        omitted_frames=stack.omitted,
        relation=link.relation,
        parent=link.parent,
        notes=notes_of(error),
        stack=stack.name,
    )
