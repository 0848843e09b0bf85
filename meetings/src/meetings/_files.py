"""Files that hold a secret: made once, never half.

Owns how they come to be. Knows nothing of what is in them.
"""

import os
from contextlib import suppress
from pathlib import Path


def write_once(path: Path, text: str) -> None:
    """Make a file of mode 0600 with `text`; one that is there already stays as it is.

    Raises:
        OSError: The folder cannot be written.
    """
    # Complete before it has its name: no other process reads half of it, and a start
    # that is killed here leaves nothing that the next one would take for a secret.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
