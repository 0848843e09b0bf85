"""The settings of alerts: what they are read from, and what a bad one is told."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from failwell._settings import Settings, SettingsError, read_settings

SECRET = "a-secret-of-the-webhook"
HOOK = f"webhook+https://{SECRET}@example.org/hook"


def _read(**given: Any) -> Settings:  # noqa: ANN401 - settings
    config = {f"FAILWELL_{name.upper()}": value for name, value in given.items()}
    return read_settings(config, import_name="shop", instance_path="/srv", environ={})


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (HOOK, ["webhook"]),
        (f"ops={HOOK} {HOOK}\nmailto://a:b@example.org", ["ops", "webhook", "mailto"]),
        ([HOOK, HOOK], ["webhook", "webhook-2"]),
        ({"ops": HOOK, "night": "slack://a/b/c"}, ["ops", "night"]),
        ("", []),
    ],
)
def test_channels_have_names(value: object, names: list[str]) -> None:
    """Given ones, or those of their kind."""
    channels = _read(alerts_to=value).alerts_to

    assert [channel.name for channel in channels] == names


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hello", "allowed: URLs such as mailto://"),
        (7, "is a int; allowed: URLs"),
        ([7], "an entry that is none"),
        (f"a={HOOK} a={HOOK}", "two channels a"),
        ("webhook+https://example.org/hook", "without a secret to sign with"),
        ("webhook+https://short@example.org", "16 characters at least"),
        ("Ops Team=slack://a", "an entry that is none"),
    ],
)
def test_what_is_no_channel_is_refused(value: object, said: str) -> None:
    """With what is allowed."""
    with pytest.raises(SettingsError, match=said):
        _read(alerts_to=value)


def test_a_refusal_and_a_setting_show_no_secret() -> None:
    """Both end up in logs."""
    with pytest.raises(SettingsError) as caught:
        _read(alerts_to=f"{HOOK} ops:{SECRET}")

    assert SECRET not in str(caught.value)
    assert SECRET not in repr(_read(alerts_to=HOOK))


@pytest.mark.parametrize(
    ("hours", "clock", "is_quiet"),
    [
        ("22:00-07:00", "21:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False),
        ("12:00-13:30", "13:29", True),
        ("12:00-13:30", "13:30", False),
        ("12:00-13:30 Asia/Tokyo", "03:00", True),
    ],
)
def test_quiet_hours_may_pass_midnight(
    hours: str, clock: str, *, is_quiet: bool
) -> None:
    """Their begin is in them, their end is not; in UTC unless a zone is named."""
    quiet = _read(alerts_quiet=hours).alerts_quiet
    now = datetime.fromisoformat(f"2027-01-15T{clock}:00").replace(tzinfo=UTC)

    assert quiet is not None
    assert quiet.contain(now.timestamp()) is is_quiet


@pytest.mark.parametrize(
    "value", ["22-07", "22:00-22:00", "25:00-07:00", "22:00-07:00 Europe/Nowhere", 22]
)
def test_what_are_no_quiet_hours_is_refused(value: object) -> None:
    """With what is allowed."""
    with pytest.raises(SettingsError, match=r"allowed: hours such as 22:00-07:00"):
        _read(alerts_quiet=value)


@pytest.mark.parametrize(
    "value", ["example.org", "ftp://example.org", "https://a:b@example.org", "https://"]
)
def test_what_is_no_address_of_a_console_is_refused(value: str) -> None:
    """A link in an alert would lead nowhere."""
    with pytest.raises(SettingsError, match="allowed: an address such as https://"):
        _read(console_url=value)


def test_without_settings_nobody_is_told() -> None:
    """And nothing else has to be set."""
    settings = _read()

    assert settings.alerts_to == ()
    assert settings.alerts_cap == 20
    assert settings.alerts_quiet is None
    assert settings.alerts_templates is None
    assert settings.alerts_private_webhooks is False
    assert _read(alerts_templates="/srv/texts").alerts_templates == Path("/srv/texts")
