"""What every view needs from HTTP: inputs, callers, pages, answers, the document.

Owns no route but those of the document itself, and no rule of the domain.
"""

from meetings.web._caller import current_caller, whose_error
from meetings.web._docs import docs
from meetings.web._endpoint import Endpoint, answer, describe, nothing
from meetings.web._fields import Email, Id, Input, Line, Moment, Password, Seats
from meetings.web._pages import Page, PageQuery, cut, read_cursor, write_cursor
from meetings.web._routing import install_converters
from meetings.web._services import Services, install_services, services

__all__ = [
    "Email",
    "Endpoint",
    "Id",
    "Input",
    "Line",
    "Moment",
    "Page",
    "PageQuery",
    "Password",
    "Seats",
    "Services",
    "answer",
    "current_caller",
    "cut",
    "describe",
    "docs",
    "install_converters",
    "install_services",
    "nothing",
    "read_cursor",
    "services",
    "whose_error",
    "write_cursor",
]
