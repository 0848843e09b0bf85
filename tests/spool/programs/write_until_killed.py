"""Count and append without end; say after each what was acknowledged."""

import itertools
import os
import sys

from failwell.spool import Spool

folder, name = sys.argv[1:]
spool = Spool(folder)
key = name.encode().rjust(8, b".")
for number in itertools.count():
    spool.count(key, lambda: b"what " + name.encode())
    os.write(1, b"c")
    spool.append(f"{name} {number} ".encode() + b"x" * (number * 97 % 5000))
    os.write(1, b"r")
