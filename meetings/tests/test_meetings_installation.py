"""An installation: its folder, its keys, its first administrator."""

import json
import stat
from pathlib import Path

import pytest
from meetings_api import Api, config

from failwell import SettingsError
from meetings import create_app
from meetings._files import write_once
from meetings.accounts import make_first_admin, read_first_admin
from meetings.server import application, instance_config, prepare_instance
from meetings.storage import db, writing
from meetings.web import services


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_once(tmp_path: Path) -> None:
    """The folder is closed to others, and a second start finds the same keys."""
    environ = {"MEETINGS_INSTANCE_DIR": str(tmp_path / "deep" / "instance")}

    folder = prepare_instance(environ)
    first = instance_config(environ)
    prepare_instance(environ)

    assert instance_config(environ) == first
    assert len(first["SECRET_KEY"]) >= 64
    assert first["SECRET_KEY"] != first["FAILWELL_CONSOLE_KEY"]
    assert _mode(folder) == 0o700
    assert {_mode(path) for path in folder.iterdir()} == {0o600}
    assert len(list(folder.iterdir())) == 2


def test_the_environment_wins_over_the_folder(tmp_path: Path) -> None:
    """A key that the operator gives is not replaced by a kept one."""
    environ = {"MEETINGS_INSTANCE_DIR": str(tmp_path)}
    prepare_instance(environ)

    assert instance_config({**environ, "SECRET_KEY": "x"}).keys() == {
        "FAILWELL_CONSOLE_KEY"
    }


def test_without_a_start_the_application_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`flask failwell errors` in a fresh clone names the setting and the command."""
    monkeypatch.setenv("MEETINGS_INSTANCE_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("SECRET_KEY", raising=False)

    with pytest.raises(SettingsError, match=r"SECRET_KEY is missing.*make run"):
        application()


def test_the_first_administrator_is_kept_in_a_file(api: Api) -> None:
    """The file holds what signs in, is closed to others, and is written once."""
    admin = api.admin()

    path = Path(api.app.instance_path) / "first-admin.json"
    kept = json.loads(path.read_text())
    assert kept == {"email": admin.email, "password": admin.password}
    assert _mode(path) == 0o600
    with api.app.app_context(), writing() as session:
        assert make_first_admin(session, services().passwords, path.parent) is None
    assert api.call("GET", "/users/me", admin).get_json()["role"] == "admin"


def test_a_crash_after_the_file_is_mended(tmp_path: Path, api: Api) -> None:
    """The file is there and the user is not: the next start makes it from the file."""
    path = Path(api.app.instance_path) / "first-admin.json"
    path.write_text('{"email": "root@example.com", "password": "kept-password"}')

    with api.app.app_context(), writing() as session:
        made = make_first_admin(session, services().passwords, path.parent)

    assert made is not None
    assert "access_token" in api.sign_in("root@example.com", "kept-password")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"email": "x"}', "\udcff"])
def test_a_broken_file_is_refused(tmp_path: Path, content: str) -> None:
    """The sentence names the file and what to do with it."""
    (tmp_path / "first-admin.json").write_text(content, errors="surrogateescape")

    with pytest.raises(ValueError, match=r"first-admin.json holds no .*; remove it"):
        read_first_admin(tmp_path)


def test_create_app_connects_to_nothing(tmp_path: Path) -> None:
    """No folder and no file appear until somebody asks for something."""
    create_app(config(tmp_path))

    assert list(tmp_path.iterdir()) == []
    assert db is not None


def test_a_secret_file_is_made_once(tmp_path: Path) -> None:
    """What is there stays, the mode is closed, and no draft is left behind."""
    path = tmp_path / "key"

    write_once(path, "first")
    write_once(path, "second")

    assert path.read_text() == "first"
    assert _mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]
