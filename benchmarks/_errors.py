"""Errors as an application spools them: 200 groups, 10 frames, requests, users, tags."""

import random
import time
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from failwell.records import (
    Breadcrumb,
    ErrorRecord,
    ExceptionInfo,
    Frame,
    GroupDefinition,
    RequestInfo,
)
from failwell.spool import Spool

GROUPS = 200
_USERS = 5_000
_DEPTH = 10
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


class _Fault(NamedTuple):
    number: int
    group: str
    key: bytes
    definition: bytes
    stack_key: bytes
    frames: bytes


class Errors:
    """Writes errors to a spool, of all groups in turn.

    Args:
        seed: Errors of the same seed are the same but for when they happen.
    """

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._faults = [_fault(number) for number in range(GROUPS)]
        self._written = 0

    def write(self, spool: Spool, number: int) -> None:
        """Count and keep so many errors."""
        for _ in range(number):
            fault = self._faults[self._random.randrange(GROUPS)]
            record = self._record(fault)
            spool.count(fault.key, lambda: fault.definition)  # noqa: B023 - called at once
            spool.append(msgspec.json.encode(record), [(fault.stack_key, fault.frames)])
            user = blake2b(str(record.user_id).encode(), digest_size=8).digest()
            spool.note_user(fault.key, user)

    def _record(self, fault: _Fault) -> ErrorRecord:
        self._written += 1
        now = time.time()
        user = self._random.randrange(_USERS)
        path = f"/rooms/{fault.number}/bookings/{self._written}"
        info = ExceptionInfo(
            type=f"shop.errors.Fault{fault.number % 40}",
            message=f"room-{fault.number} has no booking {self._written}",
            stack=fault.stack_key.hex(),
        )
        said = f"looked for room {fault.number}"
        return ErrorRecord(
            id=f"{fault.group}-{self._random.getrandbits(64):016x}",
            group=fault.group,
            timestamp=now,
            application="shop",
            environment="production",
            release="2026.11.3",
            code="INTERNAL_ERROR",
            exceptions=(info,),
            request=_request(fault.number, path, user),
            request_id=f"{self._random.getrandbits(128):032x}",
            user_id=str(user),
            trace_id=f"{self._random.getrandbits(128):032x}",
            tags={"region": f"eu-{user % 3}", "tenant": f"t{user % 50}"},
            breadcrumbs=(
                Breadcrumb(now - 0.02, "log", said, "info"),
                Breadcrumb(
                    now - 0.01, "call", "GET https://stock.example/items", "info"
                ),
            ),
        )


def _request(number: int, path: str, user: int) -> RequestInfo:
    headers = {
        "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "accept-language": "en-GB,en;q=0.5",
        "host": "shop.example",
        "referer": f"https://shop.example/rooms/{number}",
        "user-agent": _BROWSER,
    }
    return RequestInfo(
        method="POST",
        route=f"/rooms/<int:room_id>/bookings/{number % 25}",
        path=path,
        query="page=2&sort=name",
        headers=headers,
        content_type="application/json",
        content_length=78,
        url=f"https://shop.example{path}?page=2&sort=name",
        body={"title": "Review", "room": number, "people": [user, user + 1]},
    )


def _fault(number: int) -> _Fault:
    group = blake2b(str(number).encode(), digest_size=8).hexdigest()
    frames = [
        Frame(
            module=f"shop.module_{depth}",
            function=f"work_{number}_{depth}",
            file=f"/srv/shop/releases/2026.11.3/shop/module_{depth}.py",
            line=number + depth,
            in_app=depth > _DEPTH // 2,
        )
        for depth in range(_DEPTH)
    ]
    definition = GroupDefinition(
        hash=group,
        application="shop",
        environment="production",
        release="2026.11.3",
        code="INTERNAL_ERROR",
        type=f"shop.errors.Fault{number % 40}",
        culprit=f"shop.module_9:work_{number}_9",
        message=f"room-{number} has no booking",
    )
    encoded = msgspec.json.encode(frames)
    return _Fault(
        number,
        group,
        bytes.fromhex(group),
        msgspec.json.encode(definition),
        blake2b(encoded, digest_size=8).digest(),
        encoded,
    )
