"""Counting wrong keys: by place, for a minute, within bounds."""

from failwell.console._attempts import Attempts
from failwell.testing import ManualClock


def test_ten_wrong_keys_close_the_door_for_the_rest_of_the_minute() -> None:
    """Counted from the first of them; then a new minute begins."""
    clock = ManualClock()
    attempts = Attempts(clock)
    waits = []
    for _ in range(10):
        waits.append(attempts.wait_s("192.0.2.7"))
        attempts.add("192.0.2.7")
        clock.advance(3)

    assert waits == [0] * 10
    assert attempts.wait_s("192.0.2.7") == 30
    assert attempts.wait_s("192.0.2.8") == 0
    clock.advance(30)
    assert attempts.wait_s("192.0.2.7") == 0


def test_a_machine_with_many_addresses_is_one_place() -> None:
    """Whoever has an address of IPv6 has a whole network of them."""
    attempts = Attempts(ManualClock())

    for number in range(10):
        attempts.add(f"2001:db8::{number:x}")

    assert attempts.wait_s("2001:db8::ffff") == 60
    assert attempts.wait_s("2001:db8:0:1::1") == 0
    assert attempts.wait_s("no address") == 0


def test_an_army_of_places_takes_bounded_memory() -> None:
    """Those that were heard of longest ago are forgotten first."""
    attempts = Attempts(ManualClock())

    for number in range(10_000):
        attempts.add(f"10.0.{number // 250}.{number % 250}")

    assert len(attempts._wrong) == 4096
