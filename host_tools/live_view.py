"""Shows a running gateway on a terminal: newest values, alarms, connection, and what goes on.

On a terminal the picture stays in place and `refresh` redraws it; elsewhere `refresh` prints a
plain line once in a while, and alarms and phases are printed as they come. It only reads: truth
and subscriber belong to the world.
"""

import collections
from collections.abc import Callable

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from host_tools.contract import BAD, QUALITY_NAMES
from host_tools.subscriber import Gateway, Newest
from host_tools.truth import Truth, percent

_NEWS_LINES = 6
_OTHER_LINES = 8  # of the picture: frame, headings, connection, rates and what goes on
_RATE_WINDOW_MS = 10_000
_LOW_PERMILLE = 950
_PLAIN_EVERY_S = 10


class LiveView:
    """`gateway()` is what the subscriber knows, `utc_ms()` the time; use it as a context."""

    def __init__(
        self,
        console: Console,
        title: str,
        truth: Truth,
        gateway: Callable[[], Gateway],
        utc_ms: Callable[[], int],
    ):
        self._console = console
        self._title = title
        self._truth = truth
        self._gateway = gateway
        self._utc_ms = utc_ms
        self._start_ms = self._plain_ms = utc_ms()
        self._phase = ""
        self._news: collections.deque[Text] = collections.deque(maxlen=_NEWS_LINES)
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> "LiveView":
        if self._live:
            self._live.start()
        else:
            self._console.print(self._title)
        return self

    def __exit__(self, *_) -> None:
        if self._live:
            self._live.update(self.picture(), refresh=True)
            self._live.stop()

    def phase(self, sentence: str) -> None:
        """What is going on now; it stays until the next."""
        self._phase = sentence

    def tell(self, sentence: str, style: str = "") -> None:
        """Something happened: an alarm, a cut, an error."""
        news = Text(f"{self._elapsed_s():3d} s  {sentence}", style)
        self._news.append(news)
        if not self._live:
            self._console.print(news)

    def refresh(self) -> None:
        """Show how it is now."""
        if self._live:
            self._live.update(self.picture(), refresh=True)
        elif self._utc_ms() >= self._plain_ms:
            self._plain_ms += _PLAIN_EVERY_S * 1000
            self._console.print(f"{self._elapsed_s():3d} s  {self._phase}; {self._progress()}")

    def picture(self) -> Panel:
        """Everything, as rich draws it."""
        parts = [self._channels(), Text(), self._connection(), *self._rates()]
        parts += [Text(self._progress()), Text(self._phase, "bold")]
        parts += [*self._news, *[Text()] * (_NEWS_LINES - len(self._news))]
        return Panel(Group(*parts), title=self._title, title_align="left")

    def _elapsed_s(self) -> int:
        return (self._utc_ms() - self._start_ms) // 1000

    def _channels(self) -> Table:
        table = Table(expand=True, box=None, header_style="dim", padding=(0, 1))
        for heading in ("device", "channel"):
            table.add_column(heading, no_wrap=True)
        for heading in ("value", "unit", "age", "read", "published", "reduction"):
            table.add_column(heading, justify="left" if heading == "unit" else "right")
        gateway = self._gateway()
        places, shown = self._places(), self._lines_for_channels()
        above = None
        for device, channel in places[:shown]:
            newest = gateway.newest.get((device, channel["name"]))
            cells = self._cells(gateway, device, channel, newest)
            table.add_row("" if device == above else device, channel["name"], *cells)
            above = device
        if shown < len(places):
            table.add_row("", f"and {len(places) - shown} more")
        return table

    def _places(self) -> list[tuple[str, dict]]:
        """What is read, and behind it what functions make of it."""
        return [*self._truth.places(), *self._truth.made()]

    def _lines_for_channels(self) -> int:
        """As many as the terminal has room for: what is below them is never cut off."""
        count = len(self._places())
        if not self._live:
            return count
        room = self._console.height - _OTHER_LINES - _NEWS_LINES
        return count if count <= room else max(1, room - 1)

    def _cells(self, gateway: Gateway, device: str, channel: dict, newest: Newest | None):
        is_made = (device, channel) in self._truth.made()
        read = 0 if is_made else len(self._truth[device, channel["name"]].turns.times_us)
        read_text = "" if is_made else str(read)
        if newest is None:
            return "", channel["unit"], "", read_text, "0", ""
        has_alarm = any(
            name.startswith(channel["name"] + ".") and where == device
            for where, name in gateway.raised
        )
        is_bad = newest.record.quality >= BAD
        style = "bold red" if has_alarm or is_bad else "bold"
        return (
            Text(_value_text(newest, channel), style),
            channel["unit"],
            Text(self._age(gateway, newest), "red" if is_bad else ""),
            read_text,
            str(newest.count),
            "" if is_made else percent(max(0, read - newest.count), read),
        )

    def _age(self, gateway: Gateway, newest: Newest) -> str:
        """How old the newest value is; behind a bad one, how long nothing has been heard."""
        t_ms = gateway.utc_ms(*newest.heard) if newest.heard else None
        return "" if t_ms is None else f"{max(0, self._utc_ms() - t_ms) // 1000} s"

    def _rates(self) -> list[Text]:
        """How much of its rate each of several devices kept lately."""
        polls = self._truth.polls
        if len(polls) < 2:
            return []
        now_ms = self._utc_ms()
        begin_us = max(self._start_ms, now_ms - _RATE_WINDOW_MS) * 1000
        text = Text("rate of the last 10 s: ")
        for place, (device, turns) in enumerate(polls.items()):
            share = turns.share_permille(begin_us, now_ms * 1000)
            text.append(", " * bool(place) + f"{device} ")
            is_low = share is None or share < _LOW_PERMILLE
            text.append("-" if share is None else f"{share // 10} %", "red" if is_low else "green")
        return [text]

    def _connection(self) -> Text:
        gateway = self._gateway()
        state = ("online", "green") if gateway.online else ("offline", "red")
        return Text.assemble(
            f"{gateway.name} is ", state, f"; {gateway.duplicates} duplicates removed"
        )

    def _progress(self) -> str:
        gateway = self._gateway()
        read = self._truth.samples
        published = sum(newest.count for newest in gateway.newest.values())
        return (
            f"{read} samples read, {published} published in {gateway.records} records: "
            f"reduction {percent(read - published, read)}"
        )


def _value_text(newest: Newest, channel: dict) -> str:
    if newest.record.quality >= BAD:
        return QUALITY_NAMES[newest.record.quality]
    text = f"{newest.value:f}"
    return channel.get("states", {}).get(text, text)
