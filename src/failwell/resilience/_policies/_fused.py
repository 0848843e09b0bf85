"""One wrapper for all strategies of a policy, without a frame or a branch between them.

Owns their order. Each further wrapper around a call costs as much as an empty one, and a
wrapper written for all strategies would be written twice, for functions and for coroutine
functions, and ask each call which strategies there are. So it is written once, below, and
compiled for the strategies that a policy has, as `dataclasses` compiles its `__init__`.

Left of the bar stands what has to be there for the line to be there; `!` before a word,
what must not. For a function that is not awaited, `async` and `await` are left out. No
text from outside goes into it.
"""

import linecache
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

_SOURCE = """
                       |async def fused(*args, **kwargs):
fallback               |    try:
!fallback              |    if True:
deadline called        |        scope = current()
deadline called        |        if scope is None or scope.thread != ident() or scope.now is not now:
deadline called        |            scope = own_scope(now)
deadline called        |        outer = scope.inner
deadline called        |        if (outer != inf or scope.outer is not None) and scope.left_s() <= 0:
deadline awaited       |        outer = current()
deadline awaited       |        if outer is not None and outer.left_s() <= 0:
deadline               |            raise DeadlineExceededError
deadline called        |        ends = now() + total_s
deadline called        |        if ends < outer:
deadline called        |            scope.inner = ends
deadline awaited       |        token = enter(Scope(outer, now, now() + total_s))
deadline               |        try:
!deadline              |        if True:
retry !noting          |            state = None
noting                 |            state = Attempts(plan)
retry                  |            try:
!retry                 |            if True:
retry                  |                while True:
!retry                 |                if True:
retry                  |                    try:
!retry                 |                    if True:
breaker                |                        ticket = circuit.ticket
breaker                |                        if ticket is None:
breaker                |                            ticket = circuit.admit()
measured               |                        started = clock()
breaker                |                        try:
!breaker               |                        if True:
bulkhead               |                            try:
bulkhead               |                                take()
bulkhead               |                            except IndexError:
bulkhead               |                                await wait()
bulkhead               |                            try:
!bulkhead              |                            if True:
                       |                                result = await function(*args, **kwargs)
bulkhead               |                            finally:
bulkhead               |                                give(None)
bulkhead               |                                if waiters:
bulkhead               |                                    hand_over()
breaker                |                        except BaseException as error:
breaker                |                            circuit.fail(ticket, error)
breaker                |                            raise
measured               |                        circuit.finish(ticket, result, clock() - started)
timed                  |                        ended = clock()
timed                  |                        if ended >= ticket.edge:
timed                  |                            circuit.turn(ended)
timed                  |                        next(ticket.successes)
breaker !measured !timed|                        next(ticket)
noting                 |                        wait_s = state.wait_after_success(result)
noting                 |                        if wait_s is None:
!noting                |                        if True:
retry !noting          |                            if state is not None:
retry !noting          |                                state.succeed()
memory                 |                            keep(key_of(args, kwargs), result)
                       |                            return result
retry                  |                    except retried as error:
retry                  |                        if state is None:
retry                  |                            state = Attempts(plan)
retry                  |                        wait_s = state.wait_after(error)
retry                  |                        if wait_s is None:
retry                  |                            raise
retry                  |                    if wait_s > 0:
retry                  |                        await sleep(wait_s)
retry                  |            except BaseException as error:
retry                  |                if state is not None:
retry                  |                    state.fail(error)
retry                  |                raise
deadline               |        finally:
deadline called        |            scope.inner = outer
deadline awaited       |            leave(token)
fallback               |    except caught as error:
fallback               |        other = stand_in(error, memory, key_of(args, kwargs))
fallback               |        if other is NOTHING:
fallback               |            raise
fallback awaited       |        return (await other) if iscoroutine(other) else other
fallback called        |        return other
"""

_compiled: dict[frozenset[str], CodeType] = {}


def fuse(features: frozenset[str], names: Mapping[str, object]) -> Callable[..., Any]:
    """Return a wrapper of `names["function"]` with these features.

    Args:
        features: `called` or `awaited`, and the strategies that there are.
        names: What the source calls by name. The wrapper's `__globals__` are a copy, so
            that what it calls can be replaced there.
    """
    code = _compiled.get(features)
    if code is None:
        code = _compiled[features] = _compile(features)
    namespace = dict(names)
    exec(code, namespace)  # noqa: S102 - our own text alone
    wrapper: Callable[..., Any] = namespace["fused"]  # type: ignore[assignment] # what it defines
    return wrapper


def _compile(features: frozenset[str]) -> CodeType:
    source = "\n".join(_lines(features)) + "\n"
    if "called" in features:
        source = source.replace("async ", "").replace("await ", "")
    name = f"<failwell policy of {', '.join(sorted(features))}>"
    # So that a traceback shows the lines.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return compile(source, name, "exec")


def _lines(features: frozenset[str]) -> list[str]:
    kept = []
    for line in _SOURCE.strip("\n").splitlines():
        needs, _, text = line.partition("|")
        if all(
            (need.lstrip("!") in features) != (need[0] == "!") for need in needs.split()
        ):
            kept.append(text)
    return kept
