"""The routes, one resource a module.

Owns addresses, statuses and the shapes of bodies. Rules live in `booking` and
`accounts`.
"""

from meetings.api import _participants
from meetings.api._auth import auth
from meetings.api._health import health
from meetings.api._meetings import meetings
from meetings.api._rooms import rooms
from meetings.api._users import users

# Importing the module adds its routes to the blueprint of the meetings.
del _participants

BLUEPRINTS = (users, auth, rooms, meetings, health)

__all__ = ["BLUEPRINTS"]
