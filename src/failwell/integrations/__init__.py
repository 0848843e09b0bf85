"""failwell under frameworks that are built on Flask, and in clients: one module for each.

A module imports its library at the top, so only an application that uses the library
imports the module. This package itself imports nothing.
"""

__all__: list[str] = []
