"""What a run showed: the verdict on every channel and device, where every record is, the heap.

A record is lost when the gateway accepted it, the broker never acknowledged it, and `low` says
that nobody will send it any more. What was acknowledged and did not arrive is the broker's loss.
"""

from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from host_tools.client.seen import Seen
from host_tools.contract import Boot
from host_tools.emulation.board import HEAP_BYTES
from host_tools.emulation.tap import Name
from host_tools.rates import Attendance
from host_tools.subscriber import Gateway
from host_tools.truth import Verdict, percent

_HEADINGS = (
    "channel", "read", "published", "reduction", "error", "bound", "of it", "verdict"
)  # fmt: skip
_DEVICE_HEADINGS = (
    "device", "meter", "polls", "rate", "beside faults", "bad", "back", "verdict"
)  # fmt: skip
_NUMBERS = (
    "read", "published", "reduction", "error", "of it", "polls", "rate", "beside faults", "bad",
    "back",
)  # fmt: skip
_FOLDED = ("channel", "device", "meter", "bound", "verdict", "back")
_LEAST_FOLDED = 8
_SHOWN = 5
_SHOWN_BACK = 3


@dataclass
class Account:
    """Where the records of one gateway are; names are (inc, boot, seq).

    `lost` were never acknowledged and are gone, `waiting` are still on the gateway, `undelivered`
    were acknowledged by the broker and did not arrive at the subscriber.
    """

    accepted: int = 0
    lost: list[Name] = field(default_factory=list)
    waiting: list[Name] = field(default_factory=list)
    undelivered: list[Name] = field(default_factory=list)


def settle(gateway: Gateway, seen: set[Name], acked: set[Name]) -> Account:
    """Account for every record, by what a tap saw leave the gateway and be acknowledged.

    Outboxes are memory: what a boot before the last one did not bring to the broker is lost.
    """
    account = Account()
    tops = _tops(gateway, seen)
    last = max(tops, key=lambda boot: boot.number, default=None)
    for boot, top in tops.items():
        arrived = gateway.boots.get(boot, Seen(1))
        account.accepted += top
        for seq in range(1, top + 1):
            name = boot.inc, boot.number, seq
            if name in acked:
                account.undelivered += [name] * (seq not in arrived)
            elif boot == last and seq >= arrived.low:
                account.waiting.append(name)
            else:
                account.lost.append(name)
    return account


def _tops(gateway: Gateway, seen: set[Name]) -> dict[Boot, int]:
    """The highest seq that is known of each boot."""
    tops = {boot: arrived.top for boot, arrived in gateway.boots.items()}
    for inc, number, seq in seen:
        boot = Boot(inc, number)
        tops[boot] = max(seq, tops.get(boot, 0))
    if gateway.diag:
        boot = gateway.diag.boot
        tops[boot] = max(gateway.diag.counters["outbox"]["put"], tops.get(boot, 0))
    return tops


@dataclass
class Summary:
    """What a run showed; rich prints it. `heap` is (peak, at which uptime), if it was measured;
    `unjudged` are the channels of which is not known what they were served, `heap_bytes` is
    what the board has."""

    samples: int
    records: int
    verdicts: list[Verdict]
    attendances: list[Attendance]
    account: Account
    gateway: Gateway
    dropped: int
    errors: list[str]
    heap: tuple[int, int] | None
    unjudged: list[str] = field(default_factory=list)
    heap_bytes: int = HEAP_BYTES

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost and every channel is within its bound, all in good order."""
        gateway = self.gateway
        disorder = gateway.conflicts + gateway.twins + gateway.misplaced + len(self.errors)
        return (
            not (self.account.lost or disorder)
            and bool(self.records)
            and all(verdict.is_good for verdict in self.verdicts)
            and all(attendance.is_good for attendance in self.attendances)
        )

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text()
        yield self._table()
        yield Text()
        if len(self.attendances) > 1:
            yield _devices_table(self.attendances)
            yield Text()
        for sentence in self.sentences():
            yield Text(sentence)
        yield Text("Good." if self.is_good else "NOT GOOD.", "green" if self.is_good else "red")

    def _table(self) -> Table:
        table = _new_table(
            "Error of a subscriber that holds the last value, against every value served", _HEADINGS
        )
        several = len(self.attendances) > 1
        above = None
        for verdict in self.verdicts:
            channel = verdict.channel
            if several and verdict.device != above:
                table.add_row(Text(verdict.device, "bold"))
                above = verdict.device
            table.add_row(
                "  " * several + channel["name"],
                str(verdict.read),
                str(verdict.published),
                percent(verdict.read - verdict.published, verdict.read),
                verdict.error_text(),
                verdict.bound_text(),
                percent(verdict.worst_permille, 1000),
                Text(verdict.text(), "green" if verdict.is_good else "red"),
            )
        return table

    def sentences(self) -> list[str]:
        """Everything that is not told channel by channel."""
        published = sum(verdict.published for verdict in self.verdicts)
        gateway = self.gateway
        wrong = sum(verdict.wrong for verdict in self.verdicts)
        told = [
            f"Samples read {self.samples}, published {published} in {self.records} records: "
            f"reduction {percent(self.samples - published, self.samples)}.",
            f"Every published value equals the one served, to the resolution: "
            f"{'yes' if not wrong else f'no, {wrong} differ'}.",
            f"Lost {len(self.account.lost)} of {self.account.accepted} records accepted "
            f"({self.dropped} dropped by a full outbox, {len(self.account.waiting)} still wait).",
            f"Acknowledged by the broker and not received: {len(self.account.undelivered)}.",
            f"Duplicates removed {gateway.duplicates}, with other content {gateway.conflicts}, "
            f"under other names {gateway.twins}.",
            f"Order kept per device: {'yes' if not gateway.misplaced else 'no'}.",
        ]
        if any(verdict.held_back for verdict in self.verdicts):
            told.append("Held back: changes that at_most_every did not let out yet.")
        if self.unjudged:
            told.append(f"Not compared, as nothing serves them: {', '.join(self.unjudged)}.")
        told += [f"Against the contract: {error}" for error in self.errors[:_SHOWN]]
        told += [f"and {len(self.errors) - _SHOWN} more"] * (len(self.errors) > _SHOWN)
        return [*told, self._heap_sentence()]

    def _heap_sentence(self) -> str:
        if self.heap is None:
            return "Peak heap: not told, or not comparable as the interpreter's words are wider."
        peak, uptime_s = self.heap
        whole = self.heap_bytes // 1024
        return (
            f"Peak heap {peak / 1024:.1f} KB of {whole} KB, code included, {uptime_s} s after boot."
        )


def _new_table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(
        title=title, title_justify="left", box=None, header_style="dim", padding=(0, 1),
        pad_edge=False,
    )  # fmt: skip
    for heading in headings:
        table.add_column(
            heading,
            justify="right" if heading in _NUMBERS else "left",
            no_wrap=heading not in _FOLDED,
            overflow="fold",
            min_width=_LEAST_FOLDED if heading in _FOLDED else None,
        )
    return table


def _devices_table(attendances: list[Attendance]) -> Table:
    table = _new_table(
        "Readings of each device: how much of its rate, in all and while another was at fault",
        _DEVICE_HEADINGS,
    )
    for one in attendances:
        beside = "" if one.beside_permille is None else percent(one.beside_permille, 1000)
        table.add_row(
            one.device,
            one.meter,
            str(one.polls),
            percent(one.permille, 1000),
            beside,
            str(one.bad),
            _back_text(one.back_us),
            Text(one.text(), "green" if one.is_good else "red"),
        )
    return table


def _back_text(back_us: list[int | None]) -> str:
    """After how long a device was back; of many faults how many, and the longest."""
    texts = ["never" if one is None else f"after {one / 1_000_000:.1f} s" for one in back_us]
    if len(texts) <= _SHOWN_BACK:
        return ", ".join(texts)
    if None in back_us:
        return f"never, {back_us.count(None)} of {len(back_us)} times"
    return f"{len(back_us)} times, {max(back_us) / 1_000_000:.1f} s at most"
