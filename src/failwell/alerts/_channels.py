"""Channels, made of their settings: a webhook of ours, or whatever apprise knows."""

from typing import TYPE_CHECKING

from failwell._alert_settings import WEBHOOKS, ChannelURL
from failwell._late import LateModule
from failwell.alerts._channel import Channel

if TYPE_CHECKING:
    from failwell.alerts import _apprise, _webhook
else:
    # What no channel needs is not loaded.
    _apprise = LateModule("failwell.alerts._apprise")
    _webhook = LateModule("failwell.alerts._webhook")


def make_channel(setting: ChannelURL, *, private_webhooks: bool) -> Channel:
    """Return the channel of a setting; nothing is connected to yet."""
    if setting.scheme in WEBHOOKS:
        return _webhook.Webhook(setting.url, may_be_private=private_webhooks)
    return _apprise.AppriseChannel(setting.url)
