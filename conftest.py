"""Loaded before any test: the installed `meetings`, before the folder of that name.

pytest names the modules under `meetings/tests` after their path. Without this it would
take the folder at the root for the package.
"""

import meetings as meetings  # noqa: PLC0414 - imported to be there
