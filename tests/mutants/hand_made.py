"""Bugs that people make, one each: (what, module, the right text, the wrong text)."""

HAND_MADE = []
