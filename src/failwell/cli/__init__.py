"""`flask failwell …`: the errors in a terminal, the shipper, and a look at one's health.

Reads through the store, in short transactions; writes nothing but through the shipper.
Refuses to interpret what is stored: it is shown as text, never as markup.
"""

from failwell.cli._commands import create_commands

__all__ = ["create_commands"]
