"""How the settings of alerts are read: channels, and the hours in which nobody is woken.

Owns that the URL of a channel, which holds secrets, is shown nowhere: by its name alone.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from failwell._setting_values import SettingsError

WEBHOOKS = ("webhook+https", "webhook+http")
_NAME = r"[a-z][a-z0-9_-]{0,39}"
_URL = r"([a-z][a-z0-9+.-]{0,39})://\S{1,2000}"
_ENTRY = re.compile(rf"(?:({_NAME})=)?({_URL})", re.ASCII | re.IGNORECASE)
_SECRET = re.compile(r"[^:@/]*:?[^:@/]{16,}@[^/]")
_HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)(?: (\S+))?", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class ChannelURL:
    """A channel: what it is called, and where it leads."""

    name: str
    url: str

    def __repr__(self) -> str:
        """Return it without what is secret."""
        return f"ChannelURL({self.name!r}, '{self.scheme}://…')"

    @property
    def scheme(self) -> str:
        """What kind of channel it is."""
        return self.url.partition("://")[0].lower()


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of each day in which alerts wait, but for urgent ones."""

    start: time
    end: time
    zone: ZoneInfo

    def contain(self, now: float) -> bool:
        """Return whether a moment, in seconds since 1970-01-01 UTC, is in them."""
        local = datetime.fromtimestamp(now, self.zone).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


def read_channels(name: str, value: object) -> tuple[ChannelURL, ...]:
    """Return the channels, each with a name of its own."""
    channels: dict[str, ChannelURL] = {}
    for entry in _entries(name, value):
        channel = _channel(name, entry, channels)
        channels[channel.name] = channel
    return tuple(channels.values())


def read_quiet_hours(name: str, value: object) -> QuietHours:
    """Return the hours."""
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    try:
        if found is not None:
            start, end = (time.fromisoformat(edge) for edge in found.groups()[:2])
            if start != end:
                return QuietHours(start, end, ZoneInfo(found[3] or "UTC"))
    except (ValueError, OSError, KeyError):
        # No such hour, or no such zone.
        pass
    message = (
        f"{name} is a {type(value).__name__}; allowed: hours such as 22:00-07:00 or"
        " 22:00-07:00 Europe/Berlin, which end at another time than they begin"
    )
    raise SettingsError(message)


def _entries(name: str, value: object) -> Iterable[object]:
    if isinstance(value, str):
        return value.split()
    if isinstance(value, Mapping):
        return [f"{key}={url}" for key, url in value.items()]
    if isinstance(value, (list, tuple)):
        return value
    message = f"{name} is a {type(value).__name__}; allowed: {_ALLOWED}"
    raise SettingsError(message)


def _channel(name: str, entry: object, taken: Mapping[str, object]) -> ChannelURL:
    found = _ENTRY.fullmatch(entry) if isinstance(entry, str) else None
    if found is None:
        # Not the entry itself: it may hold a password.
        message = f"{name} holds an entry that is none; allowed: {_ALLOWED}"
        raise SettingsError(message)
    given, url, scheme = found.groups()
    channel = ChannelURL(given or _free_name(scheme.lower(), taken), url)
    if channel.name in taken:
        message = f"{name} names two channels {channel.name}"
        raise SettingsError(message)
    if channel.scheme in WEBHOOKS:
        _refuse_unsigned(name, channel)
    elif find_spec("apprise") is None:
        message = (
            f"{name} holds a URL of {channel.scheme}://, which takes another package: "
            'pip install "failwell[alerts]"'
        )
        raise SettingsError(message)
    return channel


def _refuse_unsigned(name: str, channel: ChannelURL) -> None:
    if _SECRET.match(channel.url.partition("://")[2]) is None:
        message = (
            f"{name} holds the webhook {channel.name} without a secret to sign with;"
            " allowed: webhook+https://SECRET@host/path, the secret with 16"
            " characters at least"
        )
        raise SettingsError(message)


def _free_name(scheme: str, taken: Mapping[str, object]) -> str:
    kind = re.sub(r"[^a-z0-9]", "-", scheme.partition("+")[0])
    names = [kind, *(f"{kind}-{number}" for number in range(2, len(taken) + 2))]
    return next(name for name in names if name not in taken)


_ALLOWED = (
    "URLs such as mailto://user:password@example.org or webhook+https://SECRET@host/path,"
    " each with a name in front if wanted (ops=slack://…), separated by blanks, or as a"
    " list or a mapping of names to URLs"
)
