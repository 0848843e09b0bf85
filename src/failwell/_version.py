"""The version, read by the build and by `failwell.__version__`."""

__version__ = "0.1.0"
