"""Filmgate: the Sora-2 video API that nobody can switch off."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("filmgate")
