"""The quantities that a meter may measure, and the base unit of each."""

PHASES = ("l1", "l2", "l3")
_LINES = ("_l1", "_l2", "_l3")
_STEMS = (
    ("voltage", "V", ("", *_LINES, "_ln_avg", "_l1_l2", "_l2_l3", "_l3_l1")),
    ("current", "A", ("", *_LINES, "_avg")),
    ("power_active", "W", (*_LINES, "_total")),
    ("power_apparent", "VA", (*_LINES, "_total")),
    ("power_reactive", "var", (*_LINES, "_total")),
    ("power_factor", "", (*_LINES, "_total")),
    ("phase_angle", "°", ("_total",)),
    ("frequency", "Hz", ("",)),
    ("thd_voltage", "%", _LINES),
    ("energy_import", "kWh", ("", *_LINES)),
    ("energy_export", "kWh", ("", *_LINES)),
    ("energy_total", "kWh", ("",)),
    ("energy_reactive_import", "kvarh", ("",)),
    ("energy_reactive_export", "kvarh", ("",)),
    ("energy_reactive_total", "kvarh", ("",)),
)
QUANTITIES = {stem + end: unit for stem, unit, ends in _STEMS for end in ends}
"""Every quantity and its base unit."""


def is_energy(quantity: str) -> bool:
    """Whether it grows for ever, as a counter does."""
    return quantity.startswith("energy")
