"""Chance of failwell's own, for jitter, spread and ids; nothing that has to be secret.

The generator of the module `random` belongs to the application: one that seeds it gets the
numbers it expects, whatever failwell does meanwhile on its threads.
"""

import os
import random

DICE = random.Random()  # noqa: S311 - see above

# Workers that were forked from one process must not wait, nor name, alike.
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=DICE.seed)
