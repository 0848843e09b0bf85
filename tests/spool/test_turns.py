"""The writer's lock, which is tried and not waited in."""

import threading

from failwell.spool._turns import TurnLock


def test_one_at_a_time_has_it() -> None:
    """Eight threads add to a number in two steps, and none is lost."""
    lock, numbers = TurnLock(), [0]

    def add() -> None:
        for _ in range(2000):
            try:
                lock.take()
                number = numbers[0]
                sorted(range(20), key=str)
                numbers[0] = number + 1
            finally:
                lock.give_back()

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert numbers == [16_000]


def test_who_has_it_long_is_waited_for() -> None:
    """As a thread that hangs with the disk, however long that is."""
    lock, taken, end, order = TurnLock(), threading.Event(), threading.Event(), []

    def hold() -> None:
        lock.take()
        taken.set()
        end.wait()
        order.append("first")
        lock.give_back()

    def follow() -> None:
        lock.take()
        order.append("second")
        lock.give_back()

    threads = [threading.Thread(target=hold), threading.Thread(target=follow)]
    threads[0].start()
    taken.wait()
    threads[1].start()
    threads[1].join(0.2)
    waited = threads[1].is_alive()
    end.set()
    for thread in threads:
        thread.join()

    assert waited
    assert order == ["first", "second"]


def test_it_is_given_back_as_often_as_it_was_taken() -> None:
    """A call that interrupts another one of its thread gives back its own alone."""
    lock = TurnLock()
    lock.take()
    lock.take()
    lock.give_back()

    other: list[bool] = []
    thread = threading.Thread(
        target=lambda: other.append(lock._acquire(blocking=False))
    )
    thread.start()
    thread.join()
    lock.give_back()
    lock.give_back()

    assert other == [False]
    assert lock._acquire(blocking=False)
