"""Fixtures that several system tests use."""

from session_twin import twin  # noqa: F401
