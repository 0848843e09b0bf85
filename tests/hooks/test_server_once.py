"""What reaches a real server is recorded once, though the server logs it as well."""

import os
import subprocess
import sys
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

import pytest
from servers import APPS, serve

from failwell.store import Store

pytestmark = pytest.mark.faults


def test_under_gunicorn(tmp_path: Path) -> None:
    """A middleware around everything, and a body that breaks off, three times each."""
    home = {"ESCAPING_INSTANCE": str(tmp_path)}
    with serve("escaping:app", workers=1, **home) as server:
        for path in ("/outside", "/body") * 3:
            # gunicorn answers the first with HTML and cuts the second short.
            with suppress(HTTPException, URLError, ValueError, OSError):
                server.get(path)
    ship = ("-m", "flask", "--app", "escaping", "failwell", "ship", "--once")
    environ = {**os.environ, **home}
    subprocess.run([sys.executable, *ship], cwd=APPS, env=environ, check=True)

    store = Store(f"sqlite:///{tmp_path / 'failwell' / 'store.db'}")
    try:
        counts = {group.message: group.count for group in store.groups()}
    finally:
        store.close()
    assert counts == {"outside of everything": 3, "in mid-body": 3}
