"""Running the backend for real: its folder, its processes, its end.

Owns the instance folder with the keys, and the two children: gunicorn, and the
process that ships what was recorded.
"""

from meetings.server._instance import application, instance_config, prepare_instance

__all__ = ["application", "instance_config", "prepare_instance"]
