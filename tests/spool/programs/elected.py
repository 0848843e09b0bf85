"""Try to be elected; say how that went and keep it until killed."""

import os
import sys

from failwell.spool import SpoolDirectory

lock = SpoolDirectory(sys.argv[1]).elect()
os.write(1, b"y" if lock else b"n")
if len(sys.argv) > 2 and os.fork() == 0:
    os.write(1, b"f")
os.read(0, 1)
