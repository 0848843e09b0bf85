"""What is remembered of a rule between two looks, and when it speaks.

Owns that nothing is lost: what a rule asks for while it may not speak is held, and the
next alert tells how much that was. No more is kept of it than its number and the first
few, however much it is.
"""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from failwell.alerts._alert import Finding
from failwell.alerts._rule import Rule

EVALUATION = ""
"""Under which name the evaluation remembers when it looked last."""
FINDINGS_TOLD = 10
_MINUTE_S = 60


class Memory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is remembered of a rule."""

    held: int = 0
    """How much it has asked for since it spoke last."""
    first: tuple[Finding, ...] = ()
    """The first of that."""
    spoke_at: float = 0.0
    going_on: tuple[str, ...] = ()
    """What was told, or is held, and has not ended since."""

    def noting(
        self, happened: Sequence[Finding], present: Mapping[str, Finding] | None
    ) -> "Memory":
        """Return what is remembered after a look.

        Args:
            happened: What each is told once, whatever.
            present: What goes on now, by subject: told when it begins. None where that
                is not known.
        """
        new = list(happened)
        going_on: Collection[str] = self.going_on
        if present is not None:
            before = set(going_on)
            new += [found for name, found in present.items() if name not in before]
            going_on = sorted(present)
        return msgspec.structs.replace(
            self,
            held=self.held + len(new),
            first=(*self.first, *new)[:FINDINGS_TOLD],
            going_on=tuple(going_on),
        )

    def after_speaking(self, now: float) -> "Memory":
        """Return what is remembered once all that was held is told."""
        return msgspec.structs.replace(self, held=0, first=(), spoke_at=now)


def may_speak(rule: Rule, memory: Memory, now: float, *, is_quiet: bool) -> bool:
    """Return whether a rule has something to say, and is not to be silent."""
    if not memory.held or (is_quiet and not rule.urgent):
        return False
    if rule.muted_until is not None and now < rule.muted_until.timestamp():
        return False
    # A clock that was put back must not silence it for longer.
    return not 0 <= now - memory.spoke_at < rule.pause_minutes * _MINUTE_S


def speakers(
    rules: Sequence[Rule],
    memories: Mapping[str, Memory],
    now: float,
    *,
    most: int,
    is_quiet: bool,
) -> list[Rule]:
    """Return the rules that speak now, `most` of them at most, urgent ones first."""
    ready = [
        rule
        for rule in rules
        if may_speak(rule, memories[rule.name], now, is_quiet=is_quiet)
    ]
    ready.sort(key=lambda rule: (not rule.urgent, memories[rule.name].spoke_at))
    return ready[: max(0, most)]


def encode(memory: Memory) -> str:
    """Return what is remembered as text."""
    return msgspec.json.encode(memory).decode()


def decode(text: str | None) -> Memory:
    """Return what is remembered; nothing, of a rule that is new."""
    return Memory() if text is None else _decoder.decode(text)


_decoder = msgspec.json.Decoder(Memory)
