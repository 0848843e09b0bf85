"""failwell under the frameworks that are built on Flask: one module for each.

A module imports its framework at the top, so only an application that uses the framework
imports the module. This package itself imports nothing.
"""

__all__: list[str] = []
