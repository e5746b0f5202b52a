"""A whole gateway in virtual time with one meter and its time servers, and what arrived from it.

The meter notes when it was read, in true time; each record has to come out at the reading that it
is of, whatever the gateway took for the time.
"""

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field

from host_tools.contract import BAD, ClockStep, Values
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.time_server import time_reply
from host_tools.image import build_image, read_file
from host_tools.model_broker import add_model_broker
from host_tools.partitions import layout_of
from host_tools.plan import plan_of_site
from host_tools.world import Listeners, World

SITE = """\
[site]
id = "hall-2"
ntp = [{servers}]
[mqtt]
host = "broker.local"
[gateway.press-07]
board = "lilygo-t-can485"
diag_every = "10s"
[[gateway.press-07.bus]]
id = "rs485"
kind = "modbus-rtu"
[[gateway.press-07.device]]
id = "meter"
profile = "eastron-sdm120"
bus = "rs485"
address = 1
every = "{every}"
channels.voltage = {{}}
"""
NEW_YEAR_2027_S = 1_798_761_600
HOUR_S = 3600
BOUNDARIES = [
    (946_684_800 + 2**30, "2034-01-09T13:37:04, 2^30 s since 2000"),
    (2_020_464_000, "2034-01-10"),
    (2**32 - 2_208_988_800, "2036-02-07T06:28:16, the era of NTP"),
    (2**31, "2038-01-19T03:14:08, 2^31 s since 1970"),
]
"""Times in s since 1970 at which clocks break."""

READING_MS = 250  # from the moment that the meter looks to the end of its answer, at most


@dataclass
class TimeServer:
    """A server that answers what it is told to; None is no answer."""

    utc_us: Callable[[], int]
    offset_us: int = 0
    is_up: bool = True
    change: Callable[[bytes, bytes], bytes | None] = lambda reply, request: reply
    asked: int = 0
    requests: list[bytes] = field(default_factory=list)

    def __call__(self, request: bytes) -> bytes | None:
        self.asked += 1
        if not self.is_up:
            return None
        return self.change(time_reply(request, self.utc_us() + self.offset_us), request)


class Scene:
    """A gateway with one meter, its time servers, and what arrived from it."""

    def __init__(self, folder, servers=("time.local",), start_s=NEW_YEAR_2027_S, every="5s",
                 ticks_ms=0):  # fmt: skip
        self._folder = folder
        self._site = SITE.format(servers=", ".join(f'"{name}"' for name in servers), every=every)
        plan = self._plan(self._site)
        flash = folder / "flash.bin"
        plan.write_flash(flash)
        self._flash = FlashFile(flash)
        self.scheduler = VirtualScheduler(start_s)
        self.arrivals = []
        self.exits = []
        listeners = Listeners(self.arrivals.append, on_exit=self.exits.append)
        self.world = World(self.scheduler, plan, flash, listeners, ticks_ms)
        self.broker = add_model_broker(self.world)
        self.servers = [TimeServer(self.scheduler.utc_us) for _ in servers]
        for name, server in zip(servers, self.servers, strict=True):
            self.world.lan.answer(name, 123, server)

    def _plan(self, site):
        path = self._folder / "site.toml"
        path.write_text(site)
        (self._folder / "secrets.toml").write_text('[wifi]\nssid = "hall"\npassword = ""\n')
        return plan_of_site(path, None, PressModel(1), seed=1)

    def __enter__(self):
        self.world.board.start()
        return self

    def __exit__(self, *exception):
        self.world.close()
        assert self.exits == []

    @property
    def gateway(self):
        return self.world.gateway

    def run_to(self, s):
        self.scheduler.run_until(s * 1_000_000)

    def change_configuration(self, old, new):
        """Cut the power, and start with another line in the site file; what is kept is kept."""
        self.world.board.power_cut()
        layout = layout_of(4)
        files = self._plan(self._site.replace(old, new)).files
        chip = self._flash.path.read_bytes()
        files = files | {"/state/values.json": read_file(chip, "/state/values.json")}
        self._flash.write(layout.vfs, build_image(files, layout.vfs_bytes))
        self.world.board.start()

    def bodies(self, kind):
        return [one.record.body for one in self.arrivals if isinstance(one.record.body, kind)]

    def records(self):
        """(boot, seq, t_ms, quality) of all values that arrived, placed by what is known now."""
        data = [one for one in self.arrivals if isinstance(one.record.body, Values)]
        data = [one for one in data if one.record.quality < BAD]
        return sorted(
            (one.boot.number, one.record.seq, self._placed_ms(one),
             self.gateway.quality(one.boot, one.record))
            for one in data
        )  # fmt: skip

    def _placed_ms(self, arrival):
        return self.gateway.utc_ms(arrival.boot, arrival.record)

    def reads_ms(self):
        reads = self.world.truth["meter", "voltage"].times_us
        return [time_us / 1000 for time_us in reads]

    def errors_ms(self, records=None):
        """By how much each record lies behind the reading just before it, or, if that is long ago,
        before the next one. After a reset the first reading is late and the next follows at once.
        """
        reads = self.reads_ms()
        found = []
        for _, _, t_ms, _ in self.records() if records is None else records:
            at = bisect.bisect_right(reads, t_ms) - 1
            if at < 0 or t_ms - reads[at] > READING_MS:
                at = max(bisect.bisect_right(reads, t_ms + 130) - 1, 0)
            found.append(t_ms - reads[at])
        return found

    def assert_nothing_lost(self):
        records = self.records()
        reads = len(self.world.truth["meter", "voltage"].times_us)
        assert reads - 3 <= len(records) <= reads
        assert [seen.missing() for seen in self.gateway.boots.values() if seen.missing()] == []
        assert (self.gateway.conflicts, self.gateway.twins) == (0, 0)
        assert self.world.subscriber.errors == []

    def assert_all_true(self, slack_ms=10):
        """Every record lies at its reading, and their order is that of the readings."""
        self.assert_nothing_lost()
        errors = self.errors_ms()
        assert -slack_ms <= min(errors) and max(errors) <= READING_MS + slack_ms, errors
        times = [t_ms for _, _, t_ms, _ in self.records()]
        assert times == sorted(times)

    def assert_values_as_read(self):
        """In the order of their names the records have values in the order that the meter served
        them in."""
        ((place, channel),) = self.world.truth.places()
        counts = self.world.truth[place, channel["name"]].counts
        assert len(set(counts)) > 10
        data = [one for one in self.arrivals if isinstance(one.record.body, Values)]
        at = 0
        for one in sorted(data, key=lambda one: (one.boot.number, one.record.seq)):
            value = one.record.body.by_channel.get(channel["name"])
            if value is not None:
                at = counts.index(int(value.scaleb(channel["places"])), at) + 1

    def assert_true_but_for_steps(self, jump_s):
        """The clock was moved there and back; without that every record lies at its reading."""
        steps = self.bodies(ClockStep)
        assert [round((step.utc_ms - step.was_ms) / 1000, 1) for step in steps] == [jump_s, -jump_s]
        self.assert_nothing_lost()
        there, back = (
            one.record.seq for one in self.arrivals if isinstance(one.record.body, ClockStep)
        )
        straight = [
            (boot, seq, t_ms - (1000 * jump_s if there < seq < back else 0), quality)
            for boot, seq, t_ms, quality in self.records()
        ]
        errors = self.errors_ms(straight)
        assert min(errors) >= -10 and max(errors) <= READING_MS + 10
        reads = self.reads_ms()
        intervals = [after - before for before, after in zip(reads[1:], reads[2:], strict=False)]
        assert all(9_800 <= interval <= 10_200 for interval in intervals)
