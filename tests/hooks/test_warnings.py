"""Warnings, for applications that want them recorded."""

import warnings

import pytest
from flask import Flask
from tests.hooks.conftest import MakeApp, origins

from failwell.testing import recorded_errors


def test_a_warning_that_is_shown_is_recorded_and_shown(make_app: MakeApp) -> None:
    """With its place; Python's filters decide which are shown."""
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        app = make_app(FAILWELL_HOOKS_WARNINGS=True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.simplefilter("ignore")
        warnings.warn("ignored", DeprecationWarning, stacklevel=1)

    (record,) = recorded_errors(app)
    assert [str(warning.message) for warning in shown] == ["old"]
    assert (record.type, record.message) == ("DeprecationWarning", "old")
    assert (record.origin, record.level, record.code) == (
        "warning",
        "warning",
        "WARNING",
    )
    assert record.context["place"].startswith(f"{__file__}:")


def test_by_default_none_is_recorded(app: Flask) -> None:
    """Libraries warn of what the application cannot change."""
    with pytest.warns(UserWarning, match="old"):
        warnings.warn("old", stacklevel=1)

    assert origins(app) == []
