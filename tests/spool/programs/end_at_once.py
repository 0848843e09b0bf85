"""Append and end without any clean-up, from a forked child."""

import os
import sys

from failwell.spool import Spool

spool = Spool(sys.argv[1])
for number in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        spool.count(b"children", lambda: b"ended at once")
        spool.append(b"%d" % number)
        os._exit(0)
    os.waitpid(child, 0)
