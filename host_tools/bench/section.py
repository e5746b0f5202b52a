"""What a section of the bench is asked for, and what it answers: rows, some with a budget."""

from dataclasses import dataclass

from rich.text import Text


@dataclass(frozen=True)
class Extent:
    """How much is measured; the defaults are for a report, a test takes less.

    `mqtt_as` is the source of that client, which no package index has, as a second peer.
    Of `repeats` runs the fastest counts: others have met with what else the machine does.
    """

    broker: str = "auto"
    mqtt_as: bytes | None = None
    repeats: int = 3
    records: int = 5000
    peer_messages: int = 40
    readings: int = 500
    virtual_s: int = 1800
    recording_rows: int = 10_000_000
    filters: int | None = None


@dataclass(frozen=True)
class Row:
    """One result; `least` or `most` is its budget, if it has one."""

    what: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the value keeps to the budget; True without one."""
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    def cells(self) -> tuple[str, str, Text]:
        """The row as it is printed: what, value with unit, budget and whether it is kept."""
        bounds = [
            f"{sign} {number(bound)}"
            for sign, bound in (("≥", self.least), ("≤", self.most))
            if bound is not None
        ]
        style = "green" if self.is_met else "bold red"
        judged = " ".join([*bounds, "kept" if self.is_met else "missed"]) if bounds else ""
        return self.what, f"{number(self.value)} {self.unit}", Text(judged, style)


def number(value: float) -> str:
    """Three digits that mean something: 19,904 but 0.0213."""
    return f"{value:,.0f}" if value == 0 or abs(value) >= 100 else f"{value:.3g}"
