"""The units in which columns may be: what a number is multiplied by, and what is added, to get the
quantity's base unit.
"""

from decimal import Decimal

_UNITS = {
    "V": {"mV": "0.001", "kV": "1000"},
    "A": {"mA": "0.001", "kA": "1000"},
    "W": {"mW": "0.001", "kW": "1000", "MW": "1000000"},
    "var": {"kvar": "1000", "Mvar": "1000000"},
    "VA": {"kVA": "1000", "MVA": "1000000"},
    "Hz": {"mHz": "0.001"},
    "kWh": {"Wh": "0.001", "MWh": "1000"},
    "kvarh": {"varh": "0.001", "Mvarh": "1000"},
    "kVAh": {"VAh": "0.001", "MVAh": "1000"},
    "GJ": {"MJ": "0.001", "kWh": "0.0036", "MWh": "3.6"},
    "bar": {
        "mbar": "0.001", "hPa": "0.001", "kPa": "0.01", "MPa": "10", "psi": "0.06894757293168",
    },
    "hPa": {"mbar": "1", "Pa": "0.01", "kPa": "10", "bar": "1000"},
    "m³/h": {"m3/h": "1", "l/h": "0.001", "l/min": "0.06", "l/s": "3.6"},
    "m³": {"m3": "1", "l": "0.001"},
    "m/s²": {"m/s2": "1", "g": "9.80665"},
    "mm/s": {"m/s": "1000", "in/s": "25.4"},
    "1/min": {"rpm": "1"},
    "s": {"ms": "0.001", "min": "60"},
    "": {"%": "0.01"},
}  # fmt: skip
"""base unit → unit → factor; the pound-force per square inch is that of NIST SP 811, B.8."""

_KELVIN = Decimal("273.15")
_TEMPERATURES = {
    "°F": (Decimal(5) / 9, Decimal(-160) / 9),
    "K": (Decimal(1), -_KELVIN),
}


_SPELLINGS = {
    "C": "°C", "degC": "°C", "ºC": "°C", "℃": "°C", "Celsius": "°C", "F": "°F", "degF": "°F",
    "m^3": "m³", "m^3/h": "m³/h", "cbm": "m³",
}  # fmt: skip
"""How else units are written."""


def units_of(base: str) -> list[str]:
    """The units that are known beside a base unit."""
    return list(_TEMPERATURES if base == "°C" else _UNITS.get(base, {}))


def to_base(base: str, unit: str) -> tuple[Decimal, Decimal] | None:
    """(factor, what is added then) from a unit to the base unit; None for an unknown one."""
    unit = _usual(base, unit)
    if unit == base:
        return Decimal(1), Decimal(0)
    if base == "°C":
        return _TEMPERATURES.get(unit)
    factor = _UNITS.get(base, {}).get(unit)
    return None if factor is None else (Decimal(factor), Decimal(0))


def _usual(base: str, unit: str) -> str:
    """A unit as it is written here, where it can only be one; mega is never taken for milli."""
    known = [base, *units_of(base)]
    unit = _SPELLINGS.get(unit, unit)
    if unit in known:
        return unit
    alike = [one for one in known if one.lower() == unit.lower()]
    is_one = len(alike) == 1 and {alike[0][:1], unit[:1]} != {"m", "M"}
    return alike[0] if is_one else unit
