"""The instance folder: the keys of one installation.

Owns making them, once, and handing them to the application. Keys that the environment
gives win over those of the folder.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from meetings._app import create_app
from meetings._files import write_once
from meetings._settings import instance_dir

_KEY_FILES = {"SECRET_KEY": "secret-key", "FAILWELL_CONSOLE_KEY": "console-key"}


def application() -> Flask:
    """Return the application of this installation.

    Raises:
        SettingsError: Nothing has been set up yet, or a setting is not allowed.
    """
    return create_app(instance_config())


def instance_config(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the keys that the instance folder holds and the environment does not."""
    folder = instance_dir({}, environ)
    config = {}
    for name, file in _KEY_FILES.items():
        path = folder / file
        if name not in environ and path.exists():
            config[name] = path.read_text(encoding="ascii").strip()
    return config


def prepare_instance(environ: Mapping[str, str] = os.environ) -> Path:
    """Make the folder (mode 0700) and what keys are missing (mode 0600); return it.

    Raises:
        OSError: The folder cannot be written.
    """
    folder = instance_dir({}, environ)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in _KEY_FILES.values():
        if not (folder / file).exists():
            write_once(folder / file, secrets.token_urlsafe(48) + "\n")
    return folder
