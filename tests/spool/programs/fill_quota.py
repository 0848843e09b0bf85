"""Tally and append ever new errors as fast as it goes; say what was kept and refused."""

import json
import os
import sys
import time

from failwell.spool import Spool

folder, name, quota, seconds = sys.argv[1:]
spool = Spool(folder, quota=int(quota))
end = time.monotonic() + float(seconds)  # noqa: TID251 - a program of a test
kept = refused = 0
while time.monotonic() < end:  # noqa: TID251 - as above
    number = kept + refused
    key = f"{name}{number % 700:07d}".encode()
    spool.tally(key, lambda: b"what " * 20)
    try:
        spool.append(b"x" * (number * 97 % 4000), [(key, b"stack" * 50)], key)
        kept += 1
    except OSError:
        refused += 1
os.write(1, json.dumps([kept, refused]).encode())
os._exit(0)
