"""The web pages on which a person finds an error, and the same as JSON.

Owns who may enter and in which role, the pages, their headers and their look. Refuses to
write but through the store and the alerts; to use the application's session, secret or
templates; and to need JavaScript.
"""

from failwell.console._access import signin_link
from failwell.console._blueprint import create_console

__all__ = ["create_console", "signin_link"]
