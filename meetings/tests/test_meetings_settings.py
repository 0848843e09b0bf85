"""Settings of the backend: where they come from, and what is refused."""

import dataclasses
import re
from pathlib import Path

import pytest

from failwell import SettingsError
from meetings import Settings
from meetings._settings import read_settings

KEY = "k" * 32


def test_defaults_need_only_a_key(tmp_path: Path) -> None:
    """With a key alone, data goes to an SQLite file in the instance folder."""
    settings = read_settings({"SECRET_KEY": KEY, "MEETINGS_INSTANCE_DIR": tmp_path}, {})

    assert settings.database_url == f"sqlite:///{tmp_path}/meetings.db"
    assert settings.calendar_url is None
    assert settings.demo is False
    assert settings.access_token_s == 900


def test_given_config_wins_over_the_environment() -> None:
    """What `create_app` is given stands above the environment, that above defaults."""
    environ = {"MEETINGS_ACCESS_TOKEN_SECONDS": "60", "MEETINGS_DEMO": "yes"}

    settings = read_settings({"SECRET_KEY": KEY, "MEETINGS_DEMO": False}, environ)

    assert settings.demo is False
    assert settings.access_token_s == 60


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", 7),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "postgresql://localhost/x"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", 7),
        ("MEETINGS_INSTANCE_DIR", 7),
        ("MEETINGS_CALENDAR_URL", "calendar"),
        ("MEETINGS_CALENDAR_URL", "file:///etc/passwd"),
        ("MEETINGS_CALENDAR_URL", 7),
        ("MEETINGS_CALENDAR_URL", "http://["),
        ("MEETINGS_CALENDAR_URL", "http://calendar:99999/"),
        ("MEETINGS_ACCESS_TOKEN_SECONDS", "soon"),
        ("MEETINGS_ACCESS_TOKEN_SECONDS", 0),
        ("MEETINGS_ACCESS_TOKEN_SECONDS", 90_000),
        ("MEETINGS_ACCESS_TOKEN_SECONDS", True),
        ("MEETINGS_DEMO", "perhaps"),
    ],
)
def test_a_bad_value_stops_the_start(name: str, value: object) -> None:
    """The sentence names the setting and what is allowed, and keeps the value out."""
    with pytest.raises(SettingsError, match=rf"^{name} is .*; allowed: ") as caught:
        read_settings({"SECRET_KEY": KEY, name: value}, {})

    assert not isinstance(value, str) or f"{value};" not in str(caught.value)


def test_a_misspelt_name_stops_the_start() -> None:
    """In the environment or the config; what only begins alike is left alone."""
    meant = r"^MEETINGS_DEMOS is no .*; did you mean MEETINGS_DEMO\?"

    with pytest.raises(SettingsError, match=meant):
        read_settings({"SECRET_KEY": KEY}, {"MEETINGS_DEMOS": "1"})
    with pytest.raises(SettingsError, match=meant):
        read_settings({"SECRET_KEY": KEY, "MEETINGS_DEMOS": True}, {})
    kubernetes = {"MEETINGS_SERVICE_HOST": "10.0.0.1", "MEETINGS_PORT": "tcp://x:80"}
    assert read_settings({"SECRET_KEY": KEY}, kubernetes).demo is False


def test_an_empty_calendar_is_none() -> None:
    """`MEETINGS_CALENDAR_URL=` in a compose file means that there is none."""
    settings = read_settings({"SECRET_KEY": KEY}, {"MEETINGS_CALENDAR_URL": ""})

    assert settings.calendar_url is None


def test_the_page_names_every_setting() -> None:
    """The reference has a row for each setting, and for nothing else."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "backend.md"

    documented = re.findall(r"^\| `([A-Z_]+)` \|", page.read_text(), re.MULTILINE)

    fields = {
        "secret_key": "SECRET_KEY",
        "database_url": "DATABASE_URL",
        "instance_dir": "MEETINGS_INSTANCE_DIR",
        "calendar_url": "MEETINGS_CALENDAR_URL",
        "access_token_s": "MEETINGS_ACCESS_TOKEN_SECONDS",
        "demo": "MEETINGS_DEMO",
    }
    assert fields.keys() == {field.name for field in dataclasses.fields(Settings)}
    assert sorted(documented) == sorted(fields.values())
