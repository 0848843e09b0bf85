"""An exception becomes an `ErrorRecord`: frames, redaction, fingerprint, request.

Refuses, on the caller's thread: to format tracebacks, to read source files, to open a
database, to call the network, and to call user code unguarded.
"""

from failwell.records._chain import describe
from failwell.records._drops import Drops
from failwell.records._fingerprint import fingerprint, message_fingerprint
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
from failwell.records._sink import Sink, Stacks, Tally
from failwell.records._stacks import decode_frames, put_frames
from failwell.records._traceback import format_chain

__all__ = [
    "AnswerDefinition",
    "Breadcrumb",
    "Definition",
    "Drops",
    "ErrorNotice",
    "ErrorRecord",
    "ExceptionInfo",
    "Frame",
    "GroupDefinition",
    "Level",
    "LossDefinition",
    "Recorder",
    "RequestInfo",
    "Sink",
    "SourceContext",
    "Stacks",
    "Tally",
    "decode_frames",
    "describe",
    "fingerprint",
    "format_chain",
    "message_fingerprint",
    "put_frames",
    "redact",
]
