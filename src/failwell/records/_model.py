"""What is kept of an error, and what a counter counts: the shapes, nothing else.

These structs are the payloads of the spool's frames and of the store's events. Fields
are only ever added, with defaults: a newer shipper must read an older segment.
"""

from typing import Any, Literal

import msgspec

Level = Literal["info", "warning", "error", "critical"]


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
    relation: Literal["", "cause", "context", "earlier", "member"] = ""
    """How it stands to its parent: `earlier` came before it and did not lead to it, as an
    attempt that was made again; `member` of a group."""
    parent: int = -1
    """Which exception of the chain it belongs to; -1 for the one before it."""
    notes: tuple[str, ...] = ()
    """What `add_note` added, redacted."""
    variables: dict[int, dict[str, Any]] = {}
    """Local variables by the index of their frame, where the application asked for
    them; redacted and bounded JSON types."""
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
    url: str = ""
    """Scheme, host, path and query, as the client sent them."""
    body: Any = None
    """A small body of JSON or a form that the application had read; redacted."""
    data: Any = None
    """What the application itself gave to `log_error`; redacted JSON types."""


class Breadcrumb(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What happened in a request before its error: a log line, a call to outside."""

    timestamp: float
    """Seconds since 1970-01-01 UTC."""
    category: str
    """`log`, `call`, or the application's own."""
    message: str
    level: str = ""
    data: Any = None


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
    level: Level = "error"
    origin: str = ""
    """What caught it, when no request did: `thread`, `process`, `command`, `task`,
    `celery`, `log` or `warning`; empty for what the application itself gave."""
    trace_id: str | None = None
    """32 hexadecimal digits (W3C Trace Context) where the request belongs to a trace."""
    tags: dict[str, str] = {}
    """The application's own names and values, to filter by."""
    context: dict[str, Any] = {}
    """What `capture` was given along; redacted and bounded JSON types."""
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    """The latest ones of the request, the oldest first."""

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
    parts: tuple[str, ...] = ()
    """What the hash was made of, in the order that it was hashed."""
    aliases: dict[str, str] = {}
    """Hashes of other algorithms, by their names: a group known by one of these is
    this one, so that an algorithm may change and split nothing."""


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


class LossDefinition(
    msgspec.Struct,
    frozen=True,
    tag="loss",
    tag_field="kind",
    kw_only=True,
    omit_defaults=True,
):
    """What a counter of losses counts: errors that were counted and not kept."""

    application: str
    environment: str
    release: str = ""
    reason: str
    """`sampled out`, or what could not be done."""


Definition = GroupDefinition | AnswerDefinition | LossDefinition


class ErrorNotice(msgspec.Struct, frozen=True):
    """What the log says of an error at once: one line."""

    id: str
    code: str
    type: str
    place: str
    """`module:function:line` of the frame that counts."""
    request_id: str | None
    level: Level = "error"
    exceptions: tuple[ExceptionInfo, ...] = ()
    """Given for the first of its group in an hour: its traceback follows the line."""
