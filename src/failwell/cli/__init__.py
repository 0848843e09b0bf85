"""`flask failwell …` and `failwell …`: the errors in a terminal, and the shipper.

Reads through the store, in short transactions; writes nothing but through the shipper
and by orders of people. Refuses to interpret what is stored: it is shown as text, never
as markup.
"""

from failwell.cli._alone import main
from failwell.cli._commands import create_commands

__all__ = ["create_commands", "main"]
