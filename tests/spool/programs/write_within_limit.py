"""Append until no file may grow any more; say how often that was acknowledged."""

import os
import resource
import sys

from failwell.spool import Spool

spool = Spool(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
kept = 0
refused = 0
while refused < 3:
    try:
        spool.append(b"%d " % kept + b"x" * 1000)
        kept += 1
    except OSError:
        refused += 1
os.write(1, b"%d" % kept)
spool.close()
