"""Somebody is told: rules, what they have held back, the outbox and its channels.

Owns when a rule asks for an alert, how many there may be, and that each is sent at least
once. Refuses to send from a request: the process that is elected to ship does. Refuses to
keep the URL of a channel anywhere: it holds secrets, and stays in the settings.

    Alerts(store, settings, fleet)
        .rules()  .add(rule, by=…)  .change(name, by=…, …)  .remove(name, by=…)
        .mute(name, until, by=…)    the rules of this application and environment
        .channels                   the names of where alerts go
        .test(channel)              sends a test at once, and says what came back
        .outbox(limit, state)       what was sent, what waits, what was given up
        .retry(alert_id)            tries again
        .turn()                     judges what happened, and sends what is due
        .running()                  does so on a thread of its own, while the block lasts
        .health()                   when it was judged last, and what waits
"""

from failwell.alerts._alert import Alert, Finding
from failwell.alerts._alerts import Alerts, Health, Outcome
from failwell.alerts._channel import ChannelError
from failwell.alerts._rule import KINDS, Rule, RuleKind, describe, make_rule
from failwell.alerts._rulebook import RuleEntry

__all__ = [
    "KINDS",
    "Alert",
    "Alerts",
    "ChannelError",
    "Finding",
    "Health",
    "Outcome",
    "Rule",
    "RuleEntry",
    "RuleKind",
    "describe",
    "make_rule",
]
