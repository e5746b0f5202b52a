"""States of a machine, its parts, OEE per shift and day, and the work order on it.

Fed by its meter, its inputs and its counters, whichever reads. Totals are kept each minute and at
every change of an order; the time without power counts as unknown when the clock tells how long it
was. A shift or a day ends with the first reading behind its end.
"""

from limen.core.calendar import date_of
from limen.core.compat import const
from limen.core.elapsed import elapsed_ms
from limen.core.machine import RUNNING, UNKNOWN, Bands, Dwell, Tally
from limen.core.pieces import Pieces
from limen.core.quality import BAD, GOOD
from limen.core.text import decimal
from limen.core.zone import Zone

_KEEP_S = const(60)
_DAY_S = const(86400)
_LONGEST_EVENT = const(230)
_COUNTS = ("part_count", "reject_count")


class Function:
    """`settings`: see `limen.core.machine_config`. `order` is the one on the machine, or None;
    what starts and ends it is `limen.commands.order`."""

    def __init__(self, gateway, number, device, settings):
        self._gateway = gateway
        self.number = number
        self._device = device
        self._own = {channel.name: channel for channel in device.channels}
        self._bands = Bands(*settings["bands"])
        self._dwell = Dwell(settings["dwell_ms"])
        self.ideal_ms = settings["ideal_ms"]
        self._connect(settings)
        self._zone = Zone(settings["zone"])
        self.bill = self._shifts = self._breaks = self.order = None
        self._add_options(settings)
        self._count = [0, 0]
        self._last_energy = self._utc_s = None
        self._band = self._day_number = None
        self._shift, self._day = Tally(), Tally()
        self._s, self._ms = gateway.clock.s, gateway.clock.ms
        self._part_s = self._part_ms = None
        self._kept_s = self._s
        device.commit = bytes(
            [index for index, c in enumerate(device.channels) if c.name in _COUNTS]
        )
        self._restore("machine." + device.id)

    def _connect(self, settings):
        """Find the channels that tell of the machine."""
        devices = self._gateway.devices
        self._power = self._channel(settings.get("power"))
        self._energy = self._channel(settings.get("energy"))
        self._inputs = [
            (devices[d].channels[c], level, state) for d, c, level, state in settings["inputs"]
        ]
        self._pieces = [
            Pieces(devices, settings[key]) if key in settings else None
            for key in ("parts", "rejects")
        ]

    def _add_options(self, settings):
        """Load what not every configuration asks for."""
        if "tariff" in settings or "co2" in settings:
            from limen.core.week import make_bill

            self.bill = make_bill(settings, self._zone)
        if "shifts" in settings or "breaks" in settings:
            from limen.core.week import Week
        if "shifts" in settings:
            self._shifts = Week(settings["shifts"], self._zone)
            self._shift_names = settings["shift_names"]
        if "breaks" in settings:
            self._breaks = Week(settings["breaks"], self._zone)

    def energy_places(self):
        """The places of its energy in kWh, None where it has no counter."""
        return None if self._energy is None else self._energy.places

    def _channel(self, place):
        return place and self._gateway.devices[place[0]].channels[place[1]]

    def _restore(self, name):
        self._key = name
        get = self._gateway.store.get
        kept = get(name)
        if not kept:
            return
        self._utc_s, self._last_energy, self._count, last = kept
        for pieces, value in zip(self._pieces, last):
            if pieces:
                pieces.last = value
        self._band, shift = get(name + ".shift")
        self._day_number, day = get(name + ".day")
        self._shift, self._day = Tally(shift), Tally(day)
        order = get(name + ".order")
        if order:
            from limen.core.order import Order

            self.order = Order(order[0], self.bill, order)

    def keep(self):
        """Give the store what is to survive a reboot."""
        clock, put, name = self._gateway.clock, self._gateway.store.set, self._key
        utc_s = clock.utc_s(self._s, self._ms) if clock.is_set else None
        last = [pieces and pieces.last for pieces in self._pieces]
        put(name, [utc_s, self._last_energy, self._count[:], last])
        put(name + ".shift", [self._band, self._shift.state()])
        put(name + ".day", [self._day_number, self._day.state()])
        put(name + ".order", self.order and self.order.state())

    def feed(self, device):
        """A device that tells of the machine has been read."""
        s, ms = device.s, device.ms
        if self._step(s, ms):
            self._tell_state(s, ms)
        self._count_pieces(s, ms)
        if s - self._kept_s >= _KEEP_S:
            self._kept_s = s
            self.keep()
            self._tell_ratios(s, ms)

    def _step(self, s, ms):
        """Book what has passed and been used since the last step; True: the state has changed."""
        passed_ms = elapsed_ms(self._s, self._ms, s, ms)
        if passed_ms > 0:
            self._s, self._ms = s, ms
        clock = self._gateway.clock
        utc_s = clock.utc_s(s, ms) if clock.is_set else None
        if utc_s is not None:
            self._roll(utc_s, s, ms)
        dwell = self._dwell
        before = dwell.state
        has_changed = dwell.feed(self._shown(), max(passed_ms, 0), self._used())
        self._book(utc_s)
        if has_changed and dwell.state == RUNNING and before != RUNNING:
            for tally in (self._shift, self._day, self.order and self.order.tally):
                if tally:
                    tally.starts += 1
        return has_changed

    def _book(self, utc_s):
        dwell = self._dwell
        if dwell.booked is None:
            return
        is_planned = True
        if utc_s is not None:
            is_planned = self._breaks is None or self._breaks.band(utc_s) < 0
        state, ms, used = dwell.booked, dwell.ms, dwell.used
        self._shift.book(state, ms, used, is_planned)
        self._day.book(state, ms, used, is_planned)
        if self.order:
            self.order.book(state, ms, used, is_planned, utc_s)

    def _shown(self):
        """The state that inputs show, else the one of the power."""
        for channel, level, state in self._inputs:
            if channel.quality >= BAD:
                return UNKNOWN
            if channel.value == level:
                return state
        if self._power is None:
            return self._bands.show(0)
        return self._bands.show(self._power.value if self._power.quality < BAD else None)

    def _used(self):
        energy = self._energy
        if energy is None or energy.quality >= BAD:
            return 0
        last = self._last_energy
        self._last_energy = energy.value
        return 0 if last is None else max(energy.value - last, 0)

    def _roll(self, utc_s, s, ms):
        """End the shift or the day that is over; book the time without power as unknown."""
        if self._utc_s is not None:
            gap_ms = max(0, self._gateway.clock.utc_s(0, 0) - self._utc_s) * 1000
            self._utc_s = None
            for tally in (self._shift, self._day):
                tally.book(UNKNOWN, gap_ms, 0, True)
            if self.order:
                self.order.book(UNKNOWN, gap_ms, 0, True, utc_s)
        band = -1 if self._shifts is None else self._shifts.band(utc_s)
        self._zone.place(utc_s)
        if band != self._band:
            self._end_shift(s, ms)
            self._band = band
        if self._zone.day != self._day_number:
            self._end_day(s, ms)
            self._day_number = self._zone.day

    def _end_shift(self, s, ms):
        self._settle()
        if self._band is not None and self._band >= 0:
            self._tell_period(self._shift_names[self._band], self._shift, s, ms)
        self._shift = Tally()

    def _end_day(self, s, ms):
        self._settle()
        if self._day_number is not None:
            date = date_of(self._day_number * _DAY_S)[:3]
            self._tell_period("%04d-%02d-%02d" % date, self._day, s, ms)
        self._day = Tally()

    def _settle(self):
        self._dwell.settle()
        clock = self._gateway.clock
        self._book(clock.utc_s(self._s, self._ms) if clock.is_set else None)

    def _tell_period(self, name, tally, s, ms):
        """Energies are left out where they would make the event too long for a record."""
        places = self.energy_places()
        energies = "null"
        if places is not None:
            energies = "[%s]" % ",".join([decimal(used, places) for used in tally.used])
        seconds = ",".join([str(one) for one in tally.seconds()])
        ratios = ",".join([decimal(ratio, 1) for ratio in tally.ratios(self.ideal_ms)[:4]])
        head = '{"period":{"name":"%s","s":[%s],"kWh":' % (name, seconds)
        numbers = tally.starts, tally.parts, tally.rejects, ratios
        tail = ',"starts":%d,"parts":%d,"rejects":%d,"oee":[%s]}}' % numbers
        if len(head) + len(energies) + len(tail) > _LONGEST_EVENT:
            energies = "null"
        self._gateway.path.put_event(self.number, GOOD, s, ms, head + energies + tail)

    def _count_pieces(self, s, ms):
        if self._pieces[0] is None:
            return
        parts = self._pieces[0].new()
        rejects = self._pieces[1].new() if self._pieces[1] else 0
        if not parts and not rejects:
            return
        self._count[0] += parts
        self._count[1] += rejects
        for tally in (self._shift, self._day, self._running_order()):
            if tally:
                tally.parts += parts
                tally.rejects += rejects
        self._put("part_count", self._count[0])
        self._put("reject_count", self._count[1])
        if parts:
            if self._part_s is not None:
                cycle_ms = elapsed_ms(self._part_s, self._part_ms, s, ms) // parts
                self._put("cycle_time", cycle_ms)
            self._part_s, self._part_ms = s, ms
        self._take(s, ms)

    def _running_order(self):
        order = self.order
        return None if order is None or order.is_paused else order.tally

    def _tell_state(self, s, ms):
        """A state has its own time: when it began."""
        dwell = self._dwell
        total_ms = ms - dwell.since_ms
        channel = self._put("machine_state", dwell.state)
        if channel and dwell.state == UNKNOWN:
            channel.value, channel.quality = None, BAD
        self._take(s + total_ms // 1000, total_ms % 1000)

    def _tell_ratios(self, s, ms):
        """How the shift goes, or the day where there are no shifts."""
        tally = self._day if self._shifts is None else self._shift
        names = ("availability", "performance", "quality_ratio", "oee", "utilisation")
        for name, ratio in zip(names, tally.ratios(self.ideal_ms)):
            if ratio is not None:
                self._put(name, ratio)
        self._take(s, ms)

    def _put(self, name, value):
        channel = self._own.get(name)
        if channel:
            channel.value = value
            channel.quality = GOOD
            channel.fresh = True
        return channel

    def _take(self, s, ms):
        device = self._device
        device.s, device.ms = s, ms
        device.fresh = True
        self._gateway.take(self.number, device)

    def advance(self):
        """Book what has passed up to now, as an order begins, pauses or ends."""
        clock = self._gateway.clock
        clock.tick()
        if self._step(clock.s, clock.ms):
            self._tell_state(clock.s, clock.ms)
        self._settle()
