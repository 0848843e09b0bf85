"""Use a spool, fork, use it in the child; the child lives until its input ends."""

import ctypes
import os
import sys
import threading

from failwell.spool import Spool

spool = Spool(sys.argv[1], durability="power" if "power" in sys.argv else "process")
spool.append(b"parent before")
spool.count(b"parent..", lambda: b"counted")
# uWSGI forks so without lazy-apps: none of Python's hooks run in the child.
fork = ctypes.PyDLL(None).fork if "bare" in sys.argv else os.fork
if "bare" in sys.argv:
    # Until the thread sleeps: without hooks nobody sees to the interpreter's own locks.
    threading.Event().wait(0.5)
if fork() == 0:
    if "silent" not in sys.argv:
        spool.append(b"child")
        spool.count(b"child...", lambda: b"counted")
    os.write(1, b"c")
    os.read(0, 1)
    os._exit(0)
spool.append(b"parent after")
os.write(1, b"p")
os.read(0, 1)
