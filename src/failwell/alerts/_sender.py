"""What is due in the outbox is sent, channel by channel, again and again until it is taken.

Owns when a try is made. A channel that keeps failing is left alone for a while, behind a
circuit breaker of our own, and what waits for it is not tried; each alert is given up a
day after it was written.
"""

import logging
from collections.abc import Callable, Mapping

import msgspec

from failwell._clock import Clock
from failwell._dice import DICE
from failwell.alerts._alert import Alert
from failwell.alerts._channel import Channel, ChannelError, Message
from failwell.alerts._conditions import OWN_CIRCUITS
from failwell.alerts._rendering import Renderer
from failwell.resilience import CircuitBreaker
from failwell.store import AlertBook, OutboxEntry

LEASE_S = 300.0
"""How long a sender has to say what came of a try; far longer than a try takes."""
GIVEN_UP_S = 24 * 3600.0
_FEWEST_TRIES = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 15.0, 600.0
_MOST_DOUBLINGS = 10
_FAILURES, _RESET_S = 3, 60.0

_logger = logging.getLogger("failwell")
_decoder = msgspec.json.Decoder(Alert)


class Sender:
    """Sends what is due; used by one thread.

    Args:
        book: Where the outbox is.
        channels: By name.
        renderer: Makes the texts.
        clock: Time.
    """

    def __init__(
        self,
        book: AlertBook,
        channels: Mapping[str, Channel],
        renderer: Renderer,
        clock: Clock,
    ) -> None:
        self._book = book
        self._channels = channels
        self._renderer = renderer
        self._clock = clock
        self._breakers = {
            name: CircuitBreaker(
                _FAILURES, _RESET_S, name=f"{OWN_CIRCUITS}{name}", clock=clock
            )
            for name in channels
        }

    def run(self, proceed: Callable[[], bool]) -> int:
        """Send what is due; return how much was taken.

        Args:
            proceed: Asked before each try; False leaves the rest for the next time.

        Raises:
            StoreError: The store cannot be used; what was claimed is sent again.
        """
        sent = 0
        while proceed():
            entry = self._book.claim(self._reachable(), LEASE_S)
            if entry is None:
                break
            sent += self._try(entry)
        return sent

    def _reachable(self) -> list[str]:
        return [name for name, b in self._breakers.items() if not b.retry_after]

    def _try(self, entry: OutboxEntry) -> bool:
        send = self._channels[entry.channel].send
        try:
            message = self.message(_decoder.decode(entry.body))
            self._breakers[entry.channel].call(send, message)
        except ChannelError as error:
            self._note_failed(entry, str(error))
        except Exception as error:  # noqa: BLE001 - the others must be sent all the same
            # Not its text: it may hold the URL.
            self._note_failed(entry, f"{type(error).__name__} in failwell")
        else:
            self._book.note_sent(entry)
            return True
        return False

    def message(self, alert: Alert) -> Message:
        """Return what is sent of an alert."""
        title, text = self._renderer.render(alert)
        return Message(alert.id, title, text, msgspec.json.encode(alert).decode())

    def _note_failed(self, entry: OutboxEntry, reason: str) -> None:
        age_s = self._clock.now() - entry.at.timestamp()
        if age_s < GIVEN_UP_S or entry.tries < _FEWEST_TRIES:
            self._book.note_failed(entry, reason, again_s=_pause(entry.tries))
            return
        self._book.note_failed(entry, reason, again_s=None)
        _logger.error(
            "The alert %s is given up: the channel %s did not take it (%s);"
            " `flask failwell alerts retry` tries again",
            entry.alert_id,
            entry.channel,
            reason,
        )


def _pause(tries: int) -> float:
    """Return how long to wait after so many tries, in seconds."""
    doubled = _FIRST_PAUSE_S * 2.0 ** min(tries - 1, _MOST_DOUBLINGS)
    return min(_LONGEST_PAUSE_S, doubled) * DICE.uniform(0.5, 1.0)
