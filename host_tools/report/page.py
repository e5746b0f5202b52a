"""Writes a replay's story as one HTML file, from the template beside this module."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import jinja2
from plotly.offline import get_plotlyjs

from host_tools.errors import ToolError
from host_tools.report import plots
from host_tools.report.story import Curve, Story, Traffic
from host_tools.summary import Summary
from host_tools.truth import percent

_TEMPLATES = Path(__file__).parent
_SHOWN_EVENTS = 500
_DAYS_OF_A_MONTH = Decimal("30.4375")
_MEGA = 1_000_000


@dataclass(frozen=True)
class Price:
    """What a megabyte of data costs, such as 0.4 EUR; `Price.parse("0.4 EUR")`."""

    amount: Decimal
    currency: str

    @classmethod
    def parse(cls, text: str) -> "Price":
        amount, _, currency = text.strip().partition(" ")
        try:
            price = cls(Decimal(amount), currency.strip())
        except ArithmeticError:
            price = None
        if price is None or not price.amount.is_finite() or price.amount < 0 or not price.currency:
            raise ToolError(f'--price {text!r}: write an amount per MB such as "0.4 EUR".', 2)
        return price


@dataclass(frozen=True)
class Rate:
    """Traffic of so many days as it were over a day or a month."""

    traffic: Traffic
    days: Decimal
    price: Price | None

    @property
    def megabytes_a_month(self) -> Decimal:
        return self._megabytes(self.traffic.bytes)

    @property
    def mqtt_megabytes_a_month(self) -> Decimal:
        return self._megabytes(self.traffic.mqtt_bytes)

    def _megabytes(self, count: int) -> Decimal:
        return (count / self.days * _DAYS_OF_A_MONTH / _MEGA).quantize(Decimal("0.01"))

    @property
    def messages_a_day(self) -> Decimal:
        return self._a_day(self.traffic.messages)

    @property
    def last_values_a_day(self) -> Decimal:
        return self._a_day(self.traffic.last_values)

    def _a_day(self, count: int) -> Decimal:
        return (count / self.days).quantize(Decimal(1))

    @property
    def cost_a_month(self) -> str:
        if self.price is None:
            return ""
        cost = self.megabytes_a_month * self.price.amount
        return f"{cost.quantize(Decimal('0.01'))} {self.price.currency}"


def write(path: Path, source: str, story: Story, summary: Summary, price: Price | None) -> None:
    """Write the report on a replay of `source`. Raises ToolError where it cannot be written."""
    text = render(source, story, summary, price)
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ToolError(f"The report {path} cannot be written: {error.strerror}.") from None


def render(source: str, story: Story, summary: Summary, price: Price | None) -> str:
    """The report as one HTML text."""
    curves = story.curves(summary.verdicts)
    happenings = story.happenings()
    start_s = story.start_ms / 1000
    folder = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=folder, autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("page.html").render(
        gateway=story.world.plan.gateway,
        source=source,
        site="/".join(story.world.plan.site.parts[-2:]),
        begin=_utc(start_s),
        end=_utc(start_s + story.end_us / 1_000_000),
        summary=summary,
        devices=[
            (device, channels, plots.of_device(channels, _of(happenings, device)))
            for device, channels in _by_device(curves)
        ],
        happenings=happenings[:_SHOWN_EVENTS],
        more_happenings=max(0, len(happenings) - _SHOWN_EVENTS),
        time_text=lambda t_ms: _utc(t_ms / 1000) if t_ms is not None else "clock not set",
        rate=Rate(story.traffic, story.days, price),
        counters=_counters(story),
        percent=percent,
        plotly=get_plotlyjs(),
    )  # fmt: skip


def _by_device(curves: list[Curve]) -> list[tuple[str, list[Curve]]]:
    return [(device, list(one)) for device, one in itertools.groupby(curves, _device_of)]


def _device_of(curve: Curve) -> str:
    return curve.device


def _of(happenings: list, device: str) -> list:
    return [happening for happening in happenings if happening.device == device]


def _counters(story: Story) -> list[tuple[str, str]]:
    """(title, drawing) of the gateway's own counters: its heap, and how busy each bus was."""
    if not story.diags:
        return []
    series = {"Heap, peak [KB]": story.heap_kilobytes()}
    series |= {f"Load of bus {bus} [%]": load for bus, load in story.bus_loads().items()}
    return [(title, plots.of_counter(title, one)) for title, one in series.items()]


def _utc(unix_s: float) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
