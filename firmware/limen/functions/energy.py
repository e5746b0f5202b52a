"""Energy per clock-aligned interval, demand, CO2 and cost of one meter; peak shedding.

Ends an interval when the first reading behind its end comes, and tells it with the end as its time,
in a record that is committed to flash at once. The state is saved before that: after a power cut at
any moment the interval is told, perhaps a second time, with the same time and the same values.
While the clock is not set readings are held; intervals are told when they can be placed.
"""

from limen.core.compat import const
from limen.core.demand import mean_power, predicted_power
from limen.core.elapsed import elapsed_ms
from limen.core.intervals import Intervals
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.text import decimal
from limen.core.zone import Zone

_KEEP_S = const(60)
_PREDICT_S = const(10)
_PASSING = ("power_active_demand_predicted", "power_active_demand_sliding")


class Function:
    """`settings`: "counters" are [device, channel] each, the first is what is billed; "power" is
    [device, channel], or absent; the rest see `limen.core.energy_config`."""

    def __init__(self, gateway, number, device, settings):
        self._gateway = gateway
        self._number = number
        self._device = device
        self._own = {channel.name: channel for channel in device.channels}
        self._names = settings["names"]
        self._counts = [None] * len(self._names)
        self._places = settings["places"]
        self._reactive = settings["reactive"]
        self._zone = Zone(settings["zone"])
        length_s, gap_s = settings["interval_s"], settings["gap_s"]
        self._intervals = Intervals(length_s, len(self._names), gap_s, settings["zone"][0])
        self._connect(settings)
        self._bill = self._sliding = self._shedding = None
        self._add_options(settings)
        self._month = self._peak = 0
        self._untold = None
        self._kept_s = self._predicted_s = gateway.clock.s
        self._read_s = self._read_ms = 0
        device.commit = bytes(
            [index for index, c in enumerate(device.channels) if c.name not in _PASSING]
        )
        self._restore("energy." + device.id)

    def _connect(self, settings):
        """Find the channels that energy comes from."""
        devices = self._gateway.devices
        self._sources = [devices[d].channels[c] for d, c in settings["counters"]]
        self._power = self._integral = None
        if "power" in settings:
            d, c = settings["power"]
            self._power = devices[d].channels[c]
        if not self._sources:
            from limen.core.integral import Integral

            self._integral = Integral(self._power.places, settings["gap_s"] * 1000)

    def _add_options(self, settings):
        """Load what not every configuration asks for."""
        if "tariff" in settings or "co2" in settings:
            from limen.core.week import make_bill

            self._bill = make_bill(settings, self._zone)
        if "sliding" in settings:
            from limen.core.sliding import Sliding

            self._sliding = Sliding(settings["interval_s"], settings["sliding"])
        if "shed" in settings:
            from limen.core.shedding import Shedding

            shed = settings["shed"]
            self._outputs = [self._gateway.devices[number] for number in shed["outputs"]]
            self._shedding = Shedding(shed["limit"], shed["restore"], shed["times"])

    def _restore(self, name):
        self._key = name
        kept = self._gateway.store.get(name)
        if not kept:
            return
        pairs = []
        for index, own in enumerate(self._names):
            base, last, places = kept["count"].get(own, (None, None, None))
            pairs.append([base, last] if places == self._places_of(index) else None)
        self._intervals.restore(kept["open"] + pairs)
        self._month, self._peak = kept["peak"]
        self._untold = kept["untold"]
        if self._integral and pairs[0]:
            self._integral.energy = pairs[0][1] or 0

    def _places_of(self, index):
        return self._sources[index].places if self._sources else 3

    def _keep(self):
        """What is kept of this function: see `_restore`."""
        state = self._intervals.state()
        count = {}
        for index, own in enumerate(self._names):
            base, last = state[3 + index]
            count[own] = [base, last, self._places_of(index)]
        kept = {"open": state[:3], "count": count}
        kept["peak"] = [self._month, self._peak]
        kept["untold"] = self._untold
        self._gateway.store.set(self._key, kept)

    def feed(self, device):
        """The meter has been read."""
        doubt = self._read(device.s, device.ms)
        clock, intervals = self._gateway.clock, self._intervals
        if not clock.is_set:
            intervals.hold(device.s, device.ms, self._counts)
            return
        if self._untold:
            self._tell(*self._untold)
            self._untold = None
        if intervals.held:
            for s, ms, counts in intervals.release():
                self._advance(s, ms, counts, False)
        moved = self._advance(device.s, device.ms, self._counts, doubt)
        is_due = moved or device.s - self._predicted_s >= _PREDICT_S
        if is_due and self._counts[0] is not None:
            self._predict(device.s, device.ms, moved)
        if device.s - self._kept_s >= _KEEP_S:
            self._kept_s = device.s
            self._keep()

    def _read(self, s, ms):
        """Take over the counters; True if one of them is in question."""
        if self._integral:
            known = self._power.quality < BAD
            passed_ms = elapsed_ms(self._read_s, self._read_ms, s, ms)
            energy = self._integral.feed(self._power.value if known else None, passed_ms)
            self._counts[0] = energy if known else None
            self._read_s, self._read_ms = s, ms
            return False
        doubt = False
        for index in range(len(self._sources)):
            channel = self._sources[index]
            self._counts[index] = channel.value if channel.quality < BAD else None
            doubt = doubt or channel.quality == UNCERTAIN
        return doubt

    def _advance(self, s, ms, counts, doubt):
        """Go on to a reading; True where the sliding demand has moved on."""
        clock = self._gateway.clock
        utc_s, utc_ms = clock.utc_s(s, ms), clock.utc_ms(ms)
        if self._intervals.feed(utc_s, utc_ms, counts, doubt):
            self._close()
        if self._sliding is None or counts[0] is None:
            return False
        return self._sliding.feed(utc_s, utc_ms, counts[0])

    def _close(self):
        """Keep the interval as one that is still to be told, then tell it."""
        intervals = self._intervals
        begin_s = intervals.end_s - intervals.length_s
        self._zone.place(begin_s)
        month = self._zone.year * 12 + self._zone.month
        if month != self._month:
            self._month = month
            self._peak = 0
        if intervals.used[0] is not None and not intervals.doubt:
            self._peak = max(self._peak, mean_power(intervals.used[0], intervals.length_s))
        doubt = 1 if intervals.doubt else 0
        interval = [intervals.end_s, doubt, intervals.used[:], intervals.totals[:], self._peak]
        self._untold = interval
        self._keep()
        self._gateway.store.save()
        self._tell(*interval)
        self._untold = None
        self._keep()

    def _tell(self, end_s, doubt, used, totals, peak):
        quality = UNCERTAIN if doubt else GOOD
        for index, name in enumerate(self._names):
            self._put(name + "_interval", used[index], quality)
            self._put(name, totals[index], quality)
        billed, length_s = used[0], self._intervals.length_s
        if billed is not None:
            begin_s = end_s - length_s
            self._put("power_active_demand", mean_power(billed, length_s), quality)
            self._put("power_active_demand_max", peak, quality)
            if self._bill:
                self._put_bill(billed, begin_s, quality)
            if self._reactive:
                self._put("power_factor_total", self._factor(used), quality)
        clock = self._gateway.clock
        boot_ms = clock.utc_ms(0)
        s = end_s - clock.utc_s(0, 0) - (1 if boot_ms else 0)
        self._take(s, (1000 - boot_ms) % 1000)

    def _put_bill(self, billed, begin_s, quality):
        tariff, co2 = self._bill
        if tariff:
            self._put("tariff", tariff.band(begin_s), quality)
            self._put("cost", billed * tariff.amount(begin_s), quality)
        if co2:
            self._put("co2", billed * co2.amount(begin_s), quality)

    def _factor(self, used):
        """The power factor of an interval; reactive energy is import and export together."""
        from limen.core.power_factor import power_factor

        index, other, scale = self._reactive
        parts = [used[i] for i in (index, other) if i is not None]
        if None in parts:
            return None
        return power_factor(used[0] * scale[0], sum(parts) * scale[1])

    def _put(self, name, value, quality):
        """Set a channel that there is to a value that there is; return it, or None."""
        channel = self._own.get(name)
        if channel and value is not None:
            channel.value = value
            channel.quality = quality
            channel.fresh = True
            return channel
        return None

    def _take(self, s, ms):
        device = self._device
        device.s, device.ms = s, ms
        device.fresh = True
        self._gateway.take(self._number, device)

    def _predict(self, s, ms, moved):
        """Tell what the demand will be, and what it was over the last length of an interval."""
        self._predicted_s = s
        intervals = self._intervals
        utc_s = self._gateway.clock.utc_s(s, ms)
        left_s, length_s = intervals.left_s(utc_s), intervals.length_s
        used, told = intervals.used_so_far(0), None
        power = self._power_now(used, length_s - left_s)
        if power is not None:
            predicted = predicted_power(used, power, left_s, length_s)
            told = self._put("power_active_demand_predicted", predicted, GOOD)
            if self._shedding:
                self._change(predicted, s, ms)
        if moved:
            told = self._put("power_active_demand_sliding", self._sliding.power, GOOD) or told
        if told:
            self._take(s, ms)

    def _power_now(self, used, passed_s):
        """The power in the counts of a demand: measured, else the mean since the interval began."""
        if self._power is None:
            return used * 3600 // passed_s if passed_s else None
        if self._power.quality >= BAD:
            return None
        finer = self._power.places - self._places
        value = max(self._power.value, 0)
        return value // 10**finer if finer >= 0 else value * 10**-finer

    def _change(self, predicted, s, ms):
        """Drop or restore an output if the prediction asks for it."""
        shedding = self._shedding
        number = shedding.feed(predicted, s)
        if number is None:
            return
        output, level = self._outputs[number], shedding.on[number]
        output.reader.write(level)
        body = '{"shed":"%s","state":"%s","predicted":%s,"limit":%s}' % (
            output.id,
            "restored" if level else "dropped",
            decimal(predicted, self._places),
            decimal(shedding.limit, self._places),
        )
        self._gateway.path.put_event(self._number, GOOD, s, ms, body)
