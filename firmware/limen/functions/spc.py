"""Statistical process control of one measured value: a value per part, or one in so much time.

Each batch of values ends in mean, deviation, Cp and Cpk. Each value is judged by the rules of a
control chart, EWMA and CUSUM; where one begins or ceases to hold, that is an event. What the
process is when all is well, its center and sigma, is written in the site file, or learnt from the
first values, told as an event and kept on flash. Times are of uptime: a step of the clock changes
nothing. A bad value is none, and the rules of the chart begin anew behind it.
"""

from limen.core.compat import const
from limen.core.control_chart import RULES, ControlChart
from limen.core.elapsed import elapsed_ms
from limen.core.pieces import Pieces
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.spread import FINE, FINE_PLACES, Spread, capability
from limen.core.text import decimal

# Values that never differ lie anywhere within a count: its width over the root of 12.
_LEAST_SIGMA = const(29)


class Function:
    """`settings`: see `limen.core.spc_config`."""

    def __init__(self, gateway, number, device, settings):
        self._gateway = gateway
        self._number = number
        self._device = device
        self._settings = settings
        settings.pop("channel", None)  # the device has made its own of them
        self._own = {channel.name: channel for channel in device.channels}
        source, index = settings["of"]
        self._source = gateway.devices[source].channels[index]
        parts = settings.get("parts")
        self._parts = Pieces(gateway.devices, parts) if parts else None
        self._every_ms = settings["every_ms"]
        self._s = None
        self._spread = Spread()
        self._quality = GOOD
        self._baseline = None
        self._key = "spc." + device.id
        self._start(settings)

    def _start(self, settings):
        """Judge by what is written or known, else learn first."""
        if "sigma" in settings:
            self._judge_by(settings["center"], settings["sigma"])
            return
        kept = self._gateway.store.get(self._key)
        if kept and kept[:2] == [settings["baseline"], self._source.places]:
            self._judge_by(kept[2], kept[3])
        else:
            self._baseline = Spread()

    def _judge_by(self, center, sigma):
        self._center, self._sigma = center, sigma
        settings = self._settings
        self._chart = ControlChart(sigma, settings["run"])
        self._shifts = []
        if "ewma" in settings:
            from limen.core.small_shift import Ewma

            self._shifts.append(("ewma", Ewma(sigma, *settings["ewma"])))
        if "cusum" in settings:
            from limen.core.small_shift import Cusum

            self._shifts.append(("cusum", Cusum(sigma, *settings["cusum"])))
        self._held = [False] * (len(RULES) + len(self._shifts))

    def feed(self, device):
        """What the value, or the count of parts, comes from has been read."""
        s, ms = device.s, device.ms
        if not self._is_due(s, ms):
            return
        value, quality = self._source.value, self._source.quality
        if quality >= BAD:
            if self._baseline is None:
                self._chart.clear()
            return
        self._gather(value, quality, s, ms)
        if self._baseline is None:
            self._judge(value, quality, s, ms)
        else:
            self._learn(value, s, ms)

    def _is_due(self, s, ms):
        if self._parts:
            return self._parts.new() > 0
        if not self._source.fresh:
            return False
        if self._s is not None and elapsed_ms(self._s, self._ms, s, ms) < self._every_ms:
            return False
        self._s, self._ms = s, ms
        return True

    def _gather(self, value, quality, s, ms):
        """A batch of values, and what it comes to."""
        spread = self._spread
        spread.feed(value)
        if quality:
            self._quality = UNCERTAIN
        if spread.count < self._settings["batch"]:
            return
        mean, deviation = spread.mean(), spread.deviation()
        cp, cpk = capability(mean, deviation, *self._settings["limits"])
        self._put("process_mean", mean)
        self._put("process_deviation", deviation)
        self._put("cp", cp)
        self._put("cpk", cpk)
        spread.clear()
        self._quality = GOOD
        device = self._device
        device.s, device.ms = s, ms
        device.fresh = True
        self._gateway.take(self._number, device)

    def _put(self, name, value):
        channel = self._own.get(name)
        if channel and value is not None:
            channel.value = value
            channel.quality = self._quality
            channel.fresh = True

    def _learn(self, value, s, ms):
        baseline = self._baseline
        baseline.feed(value)
        wanted = self._settings["baseline"]
        if baseline.count < wanted:
            return
        center, sigma = baseline.mean(), max(baseline.deviation(), _LEAST_SIGMA)
        self._baseline = None
        self._judge_by(center, sigma)
        store = self._gateway.store
        store.set(self._key, [wanted, self._source.places, center, sigma])
        store.save()
        self._tell("baseline", "learnt", value, GOOD, s, ms)

    def _judge(self, value, quality, s, ms):
        distance = value * FINE - self._center
        chart = self._chart
        chart.feed(distance)
        for rule in self._settings["rules"]:
            self._hold(rule - 1, RULES[rule - 1], chart.holds(rule), s, ms)
        at = len(RULES)
        for name, shift in self._shifts:
            shift.feed(distance)
            self._hold(at, name, shift.is_out, s, ms)
            at += 1

    def _hold(self, at, name, holds, s, ms):
        if holds != self._held[at]:
            self._held[at] = holds
            source = self._source
            self._tell(name, "raised" if holds else "cleared", source.value, source.quality, s, ms)

    def _tell(self, name, state, value, quality, s, ms):
        places = self._source.places
        body = '{"spc":"%s","state":"%s","value":%s,"center":%s,"sigma":%s}' % (
            name,
            state,
            decimal(value, places),
            decimal(self._center, places + FINE_PLACES),
            decimal(self._sigma, places + FINE_PLACES),
        )
        self._gateway.path.put_event(self._number, quality, s, ms, body)
