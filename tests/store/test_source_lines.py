"""Source lines: read for the application's frames, from source files alone."""

from pathlib import Path
from typing import TYPE_CHECKING

from failwell.records import ExceptionInfo, Frame
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
