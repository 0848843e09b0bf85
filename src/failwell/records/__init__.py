"""An exception becomes an `ErrorRecord`: frames, redaction, fingerprint, request.

Refuses, on the caller's thread: to format tracebacks, to read source files, to open a
database, to call the network, and to call user code unguarded.
"""

from failwell.records._context import (
    add_breadcrumb,
    error_context,
    set_tags,
    set_user,
)
from failwell.records._describe import describe
from failwell.records._fingerprint import message_fingerprint
from failwell.records._given import Details
from failwell.records._grouping import fingerprint
from failwell.records._model import (
    AnswerDefinition,
    Breadcrumb,
    Definition,
    ErrorNotice,
    ErrorRecord,
    ExceptionInfo,
    Frame,
    GroupDefinition,
    Level,
    LossDefinition,
    RequestInfo,
    SourceContext,
)
from failwell.records._recorder import Recorder
from failwell.records._redact import redact
from failwell.records._sink import NotSyncedError, Sink, Stacks, Tally, loss_reason
from failwell.records._stacks import decode_frames, put_frames
from failwell.records._traceback import format_chain, parent_of

__all__ = [
    "AnswerDefinition",
    "Breadcrumb",
    "Definition",
    "Details",
    "ErrorNotice",
    "ErrorRecord",
    "ExceptionInfo",
    "Frame",
    "GroupDefinition",
    "Level",
    "LossDefinition",
    "NotSyncedError",
    "Recorder",
    "RequestInfo",
    "Sink",
    "SourceContext",
    "Stacks",
    "Tally",
    "add_breadcrumb",
    "decode_frames",
    "describe",
    "error_context",
    "fingerprint",
    "format_chain",
    "loss_reason",
    "message_fingerprint",
    "parent_of",
    "put_frames",
    "redact",
    "set_tags",
    "set_user",
]
