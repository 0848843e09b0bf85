"""The application, for `flask` and for any WSGI server started in this folder."""

from meetings.server import application

app = application()
