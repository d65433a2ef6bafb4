"""The version, in its one place: setup.cfg, the Galaxy tools and the model files read it here."""

__version__ = "0.1.0"
