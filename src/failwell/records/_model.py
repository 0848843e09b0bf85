"""What is kept of an error, and what a counter counts: the shapes, nothing else.

These structs are the payloads of the spool's frames and of the store's events. Fields
are only ever added, with defaults: a newer shipper must read an older segment.
"""

from typing import Any, Literal

import msgspec


class SourceContext(msgspec.Struct, frozen=True):
    """The lines around a frame's line, read by the shipper from the release's files."""

    first_line: int
    lines: tuple[str, ...]


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place on the stack."""

    module: str
    function: str
    file: str
    line: int
    in_app: bool = False
    source: SourceContext | None = None


class ExceptionInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """One exception of a chain; frames run from the outermost call to the raise."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    omitted_frames: int = 0
    """How many frames were left out in the middle of a very deep stack."""
    relation: Literal["", "cause", "context"] = ""
    """How it stands to the exception before it in the chain."""
    stack: str = ""
    """Where frames are kept apart, once for many records: the key of these.

    In the spool 16 hexadecimal digits that a frame of the same unit explains, in the
    store 32 of the table `stacks`.
    """


class RequestInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The request that failed, redacted."""

    method: str = ""
    route: str = ""
    path: str = ""
    query: str = ""
    headers: dict[str, str] = {}
    content_type: str = ""
    content_length: int | None = None
    data: Any = None
    """What the application itself gave to `log_error`; redacted JSON types."""


class ErrorRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One error, complete and redacted."""

    id: str
    """Group hash, a hyphen, 16 hexadecimal digits of its own."""
    group: str
    """Hash of the group, 16 hexadecimal digits."""
    algorithm: str = "fw1"
    timestamp: float
    """Seconds since 1970-01-01 UTC."""
    application: str
    environment: str
    release: str = ""
    code: str
    exceptions: tuple[ExceptionInfo, ...]
    """The chain, the raised one first, then its causes; never empty."""
    request: RequestInfo | None = None
    request_id: str | None = None
    user_id: str | None = None
    explicit: bool = False
    """Whether the application asked for it by `log_error` or `capture`."""

    @property
    def type(self) -> str:
        """The type of the raised exception."""
        return self.exceptions[0].type

    @property
    def message(self) -> str:
        """The message of the raised exception."""
        return self.exceptions[0].message


class GroupDefinition(
    msgspec.Struct,
    frozen=True,
    tag="group",
    tag_field="kind",
    kw_only=True,
    omit_defaults=True,
):
    """What a counter of errors counts."""

    hash: str
    algorithm: str = "fw1"
    application: str
    environment: str
    release: str = ""
    code: str
    type: str
    culprit: str
    """Module and function where it went wrong, as `module:function`."""
    message: str = ""
    """The redacted message of the first one."""


class AnswerDefinition(
    msgspec.Struct,
    frozen=True,
    tag="answer",
    tag_field="kind",
    kw_only=True,
    omit_defaults=True,
):
    """What a counter of answers counts: errors answered but not recorded."""

    application: str
    environment: str
    release: str = ""
    code: str
    status: int
    method: str
    route: str


Definition = GroupDefinition | AnswerDefinition


class ErrorNotice(msgspec.Struct, frozen=True):
    """What the log says of an error at once: one line."""

    id: str
    code: str
    type: str
    place: str
    """`module:function:line` of the frame that counts."""
    request_id: str | None
    exceptions: tuple[ExceptionInfo, ...] = ()
    """Given for the first of its group in an hour: its traceback follows the line."""
