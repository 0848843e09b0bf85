"""Source lines: read for the application's frames, from source files alone."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from failwell.records import ErrorRecord, ExceptionInfo, Frame, SourceContext
from failwell.spool._memory_unit import MemoryUnit
from failwell.store import Store

if TYPE_CHECKING:
    from tests.store.conftest import Feed


def test_source_lines_are_read_for_frames_of_the_application(
    store: Store, feed: "Feed", tmp_path: Path
) -> None:
    """Three lines before and after, of in-app frames whose file is there."""
    file = tmp_path / "views.py"
    file.write_text("".join(f"line {n}\n" for n in range(1, 21)))
    gone = str(tmp_path / "gone.py")
    frames = (
        Frame("shop", "a", str(file), 10, in_app=True),
        Frame("shop", "b", str(file), 1, in_app=True),
        Frame("shop", "c", str(file), 20, in_app=True),
        Frame("shop", "beyond", str(file), 99, in_app=True),
        Frame("shop", "gone", gone, 1, in_app=True),
        Frame("flask", "library", str(file), 10),
    )
    exception = ExceptionInfo(type="E", message="", frames=frames)
    feed.keep(1, exceptions=(exception,))

    feed.move(store)

    (kept,) = store.recent()
    a, b, c, *others = [frame.source for frame in kept.exceptions[0].frames]
    assert a is not None
    assert b is not None
    assert c is not None
    assert (a.first_line, a.lines) == (7, tuple(f"line {n}" for n in range(7, 14)))
    assert (b.first_line, b.lines) == (1, tuple(f"line {n}" for n in range(1, 5)))
    assert (c.first_line, c.lines) == (17, tuple(f"line {n}" for n in range(17, 21)))
    assert others == [None, None, None]


def test_only_source_files_are_read(store: Store, feed: "Feed", tmp_path: Path) -> None:
    """A folder, a key file, a huge file or a bad name in a stack gives no lines."""
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "id_rsa").write_text("secret\n")
    (tmp_path / "huge.py").write_text("x = 1\n" * 200_000)
    (tmp_path / "odd.py").write_bytes(b"# coding: no-such-thing\n")
    names = ["folder.py", "id_rsa", "huge.py", "odd.py", "nul\0.py"]
    frames = tuple(
        Frame("m", "f", str(tmp_path / name), 1, in_app=True) for name in names
    )
    exception = ExceptionInfo(type="E", message="", frames=frames)
    feed.keep(1, exceptions=(exception,))

    assert feed.move(store).records == 1
    (kept,) = store.recent()
    assert [frame.source for frame in kept.exceptions[0].frames] == [None] * 5


def test_a_stack_is_kept_once_for_all_its_errors(
    store: Store, feed: "Feed", path: Path, kept_record: ErrorRecord
) -> None:
    """Two errors of one stack share its row, and both are read with their frames."""
    feed.keep(1)
    feed.keep(2)
    feed.move(store)
    feed.keep(3)

    feed.move(store)

    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM stacks").fetchone() == (1,)
        payloads = database.execute("SELECT payload FROM events").fetchall()
    assert not any(b"shop.views" in payload for (payload,) in payloads)
    assert [kept.exceptions for kept in store.recent()] == [kept_record.exceptions] * 3


def test_a_changed_source_file_gives_another_stack(
    store: Store, feed: "Feed", tmp_path: Path
) -> None:
    """What was read of a file before it changed stays with the errors of that time."""
    file = tmp_path / "views.py"
    frame = Frame("shop", "a", str(file), 1, in_app=True)
    exception = ExceptionInfo(type="E", message="", frames=(frame,))
    for number, text in enumerate(["the old release\n", "the new one\n"]):
        file.write_text(text)
        feed.unit = MemoryUnit(f"unit-{number}", 10)
        feed.keep(number, exceptions=(exception,))
        feed.move(store)

    new, old = (kept.exceptions[0].frames[0].source for kept in store.recent())

    assert (old, new) == (
        SourceContext(1, ("the old release",)),
        SourceContext(1, ("the new one",)),
    )
