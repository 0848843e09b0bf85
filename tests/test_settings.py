"""Settings: where they come from, and what a bad one is told."""

import sys
from pathlib import Path
from typing import Any

import pytest

from failwell._settings import Settings, SettingsError, read_settings


def _read(config: dict[str, Any], environ: dict[str, str] | None = None) -> Settings:
    return read_settings(
        config, import_name="shop", instance_path="/srv/shop", environ=environ or {}
    )


def test_defaults_are_the_contract_s() -> None:
    """Nothing has to be configured; what is kept goes below the instance folder."""
    settings = _read({})

    assert settings.application == "shop"
    assert settings.spool_dir == Path("/srv/shop/failwell/spool")
    assert settings.store_url == "sqlite:////srv/shop/failwell/store.db"
    assert settings.console_prefix == "/failwell"
    assert settings.console_key is None
    assert settings.logging is False
    assert settings.logs_dir == Path("logs")
    assert (settings.logs_max_bytes, settings.logs_backups) == (1024 * 1024, 10)


def test_config_wins_over_environment() -> None:
    """The application's config beats the environment, which beats the default."""
    environ = {"FAILWELL_RELEASE": "1", "FAILWELL_ENVIRONMENT": "staging"}

    settings = _read({"FAILWELL_RELEASE": "2"}, environ)

    assert settings.release == "2"
    assert settings.environment == "staging"


@pytest.mark.parametrize("text", ["1", "true", "Yes", "on", True, 1])
def test_flag_is_read_from_what_environments_hold(text: object) -> None:
    """A flag may be a bool or one of the usual words."""
    assert _read({"FAILWELL_LOGGING": text}).logging is True


@pytest.mark.parametrize(
    ("name", "value", "kind", "allowed"),
    [
        ("FAILWELL_CONSOLE_KEY", "short", "str", "at least 16 characters"),
        ("FAILWELL_CONSOLE_PREFIX", "failwell", "str", "such as /failwell"),
        ("FAILWELL_CONSOLE_PREFIX", "/", "str", "such as /failwell"),
        ("FAILWELL_CONSOLE_PREFIX", "//console", "str", "such as /failwell"),
        ("FAILWELL_CONSOLE_PREFIX", "/<name>", "str", "such as /failwell"),
        ("FAILWELL_APPLICATION", "", "str", "1 to 200 printable"),
        ("FAILWELL_ENVIRONMENT", "", "str", "1 to 200 printable"),
        ("FAILWELL_STORE_URL", "mysql://x", "str", "sqlite:///"),
        ("FAILWELL_STORE_URL", "sqlite:///", "str", "sqlite:///"),
        ("FAILWELL_STORE_URL", "postgresql://host", "str", "postgresql://"),
        ("FAILWELL_STORE_URL", "postgresql+psycopg2://h/x", "str", "postgresql://"),
        ("FAILWELL_STORE_URL", "sqlite:///:memory:", "str", "sqlite:///"),
        ("FAILWELL_CIRCUITS_URL", "http://host", "str", "redis://:password@host"),
        ("FAILWELL_CIRCUITS_URL", "redis://", "str", "redis://:password@host"),
        ("FAILWELL_CIRCUITS_INTERVAL", 31, "int", "a whole number from 0 to 30"),
        ("FAILWELL_LOGS_FORMAT", "xml", "str", "one of text, json"),
        ("FAILWELL_LOGS_LEVEL", "LOUD", "str", "DEBUG, INFO, WARNING"),
        ("FAILWELL_LOGS_MAX_BYTES", "many", "str", "a whole number from 1024"),
        ("FAILWELL_SPOOL_QUOTA", 1024, "int", "a whole number from 16777216"),
        ("FAILWELL_SPOOL_DURABILITY", "disk", "str", "one of process, power"),
        ("FAILWELL_LOGS_BACKUPS", -1, "int", "a whole number from 0"),
        ("FAILWELL_STORE_DAYS", -1, "int", "a whole number from 0"),
        ("FAILWELL_STORE_EVENTS", "many", "str", "a whole number from 0"),
        ("FAILWELL_STORE_BYTES", 1.5, "float", "a whole number from 0"),
        ("FAILWELL_LOGS_BACKUPS", True, "bool", "a whole number from 0"),
        ("FAILWELL_LOGGING", "maybe", "str", "true or false"),
        ("FAILWELL_SPOOL_DIR", 7, "int", "the path of a folder"),
        ("FAILWELL_SPOOL_DIR", "", "str", "the path of a folder"),
        ("FAILWELL_RELEASE", "a\nb", "str", "printable"),
        ("FAILWELL_RECORDS_IN_APP", 5, "int", "modules such as shop or -shop"),
        ("FAILWELL_RECORDS_HEADERS", None.__class__, "type", "names of headers"),
        ("FAILWELL_RECORDS_BODY", 70_000, "int", "a whole number from 0 to 65536"),
        ("FAILWELL_RECORDS_BREADCRUMBS", "101", "str", "a whole number from 0 to 100"),
        ("FAILWELL_RESPONSES_FORMAT", "html", "str", "auto, envelope, problem"),
    ],
)
def test_bad_value_is_refused_by_name_kind_and_what_is_allowed(
    name: str, value: object, kind: str, allowed: str
) -> None:
    """One sentence names the setting, the kind of its value, and what is allowed."""
    with pytest.raises(SettingsError) as refusal:
        _read({name: value})

    sentence = str(refusal.value)
    assert sentence.startswith(f"{name} is a {kind}; allowed: ")
    assert allowed in sentence


def test_bad_key_is_not_repeated() -> None:
    """A refused secret does not reach the terminal."""
    with pytest.raises(SettingsError) as refusal:
        _read({"FAILWELL_CONSOLE_KEY": "hunter2"})

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("source", ["config", "environment"])
def test_typo_is_refused_with_the_likely_name(source: str) -> None:
    """A name that failwell does not know stops the start and names the nearest one."""
    typo = {"FAILWELL_CONSOL_KEY": "0123456789abcdef"}

    with pytest.raises(SettingsError, match="did you mean FAILWELL_CONSOLE_KEY"):
        _read(typo) if source == "config" else _read({}, typo)


def test_a_name_like_no_other_is_refused_with_all_that_there_are() -> None:
    """The common prefix alone is no likeness."""
    with pytest.raises(SettingsError, match="known: FAILWELL_APPLICATION, "):
        _read({"FAILWELL_X": "1"})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FAILWELL_RECORDS_IN_APP", "shop,shop/orders", "holds 'shop/orders'; allowed"),
        ("FAILWELL_RECORDS_IN_APP", ["shop."], "holds 'shop.'; allowed"),
        ("FAILWELL_RECORDS_HEADERS", "X-A:b", "holds 'X-A:b'; allowed"),
    ],
)
def test_a_bad_entry_of_a_list_is_shown(name: str, value: object, said: str) -> None:
    """Names of modules and headers are no secrets."""
    with pytest.raises(SettingsError, match=f"{name} {said}"):
        _read({name: value})


def test_lists_are_read_from_texts() -> None:
    """The environment has texts alone; spaces and ends do not matter."""
    settings = _read({}, {"FAILWELL_RECORDS_IN_APP": " shop, -shop.vendored ,"})

    assert settings.records_in_app == ("shop", "-shop.vendored")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:secret@db.example/errors",
        "postgresql+psycopg:///errors?host=/run/postgresql",
        "sqlite:///errors.db",
    ],
)
def test_a_store_may_be_a_file_or_postgresql(url: str) -> None:
    """With its only driver named, or without."""
    assert _read({"FAILWELL_STORE_URL": url}).store_url == url


def test_a_driver_that_is_missing_is_said_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With what to install, instead of an error store that is away for ever."""
    monkeypatch.delitem(sys.modules, "psycopg", raising=False)
    own = [path for path in sys.path if "site-packages" not in path]
    monkeypatch.setattr(sys, "path", own)

    with pytest.raises(SettingsError, match=r"failwell\[postgresql\]"):
        _read({"FAILWELL_STORE_URL": "postgresql://host/errors"})
