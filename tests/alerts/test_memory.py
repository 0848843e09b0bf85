"""What rules hold back: never too many alerts, and every finding in one of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from failwell.alerts import Finding, Rule, make_rule
from failwell.alerts._memory import Memory, may_speak, speakers

HOUR_S = 3600.0
NAMES = ("first", "second", "third")


def _finding(subject: str = "group 1") -> Finding:
    at = datetime.fromtimestamp(1_800_000_000, UTC)
    return Finding(subject=subject, title="Error", said="It happened.", at=at)


_steps = st.lists(
    st.tuples(
        st.floats(1, 4000),  # seconds until then
        st.tuples(*(st.integers(0, 500) for _ in NAMES)),  # what happens to each rule
        st.booleans(),  # whether hours are quiet
    ),
    max_size=60,
)


def _rules(pauses: Sequence[int]) -> list[Rule]:
    return [
        make_rule(name, "new", pause_minutes=pause, urgent=number == 0)
        for number, (name, pause) in enumerate(zip(NAMES, pauses, strict=True))
    ]


@settings(deadline=None)
@given(
    steps=_steps,
    cap=st.integers(1, 5),
    pauses=st.tuples(*(st.integers(1, 120) for _ in NAMES)),
)
def test_never_more_than_the_cap_in_an_hour_and_nothing_lost(
    steps: list[tuple[float, tuple[int, ...], bool]], cap: int, pauses: tuple[int, ...]
) -> None:
    """In any hour; and what was told and what is held is all that happened."""
    rules = _rules(pauses)
    memories = {name: Memory() for name in NAMES}
    now, happened, told = 1_800_000_000.0, 0, 0
    spoken: list[tuple[float, str]] = []
    for wait, counts, is_quiet in steps:
        now += wait
        happened += sum(counts)
        for name, n in zip(NAMES, counts, strict=True):
            memories[name] = memories[name].noting([_finding()] * n, None)
        room = cap - sum(now - at < HOUR_S for at, _ in spoken)
        for rule in speakers(rules, memories, now, most=room, is_quiet=is_quiet):
            assert not is_quiet or rule.urgent
            told += memories[rule.name].held
            memories[rule.name] = memories[rule.name].after_speaking(now)
            spoken.append((now, rule.name))

    assert told + sum(memory.held for memory in memories.values()) == happened
    for at, _ in spoken:
        assert sum(at - HOUR_S < other <= at for other, _ in spoken) <= cap
    for rule in rules:
        own = [at for at, name in spoken if name == rule.name]
        gaps = [later - at for at, later in pairwise(own)]
        assert all(gap >= rule.pause_minutes * 60 for gap in gaps)


def test_what_goes_on_is_told_when_it_begins() -> None:
    """And again only after it has ended; a look that failed changes nothing."""
    found = {"circuit mail": _finding("circuit mail")}

    begun = Memory().noting((), found)
    unknown = begun.noting((), None)
    going_on = unknown.noting((), found)
    ended = going_on.noting((), {})
    again = ended.noting((), found)

    held = [memory.held for memory in (begun, unknown, going_on, ended, again)]
    assert held == [1, 1, 1, 1, 2]


def test_only_the_first_few_findings_are_kept() -> None:
    """However many there are, what is remembered stays small."""
    many = [_finding(f"group {number}") for number in range(50_000)]

    memory = Memory().noting(many, None).noting(many, None)

    assert memory.held == 100_000
    assert [found.subject for found in memory.first] == [
        f"group {number}" for number in range(10)
    ]


def test_a_clock_that_was_put_back_silences_nothing() -> None:
    """What was told in the future does not count as a pause."""
    rule = make_rule("new-errors", "new")
    memory = Memory(held=1, first=(_finding(),), spoke_at=2_000_000_000.0)

    assert may_speak(rule, memory, 1_800_000_000.0, is_quiet=False)
