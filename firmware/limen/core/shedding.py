"""Peak shedding: which outputs are dropped while the predicted demand is beyond the limit.

Each `feed` changes one output at most, so that its effect is seen in the next prediction. Outputs
are dropped in their order and restored in the opposite one, each only after it was on or off for
its shortest time; between `restore` and `limit` everything stays as it is.
"""


class Shedding:
    """`outputs` are [shortest time on in s, shortest time off in s, 1 if it is on at the start]."""

    def __init__(self, limit, restore, outputs):
        self.limit = limit
        self._restore = restore
        self._outputs = outputs
        self.on = [output[2] for output in outputs]
        self._since_s = [0] * len(outputs)

    def feed(self, predicted, s):
        """The number of the output to change at uptime `s`, None: stay. `on` tells to what."""
        count = len(self.on)
        for turn in range(count):
            if predicted > self.limit and self._may(turn, 1, s):
                return self._change(turn, s)
            last = count - 1 - turn
            if predicted <= self._restore and self._may(last, 0, s):
                return self._change(last, s)
        return None

    def _may(self, number, level, s):
        rest_s = self._outputs[number][1 - level]
        return self.on[number] == level and s - self._since_s[number] >= rest_s

    def _change(self, number, s):
        self.on[number] = 1 - self.on[number]
        self._since_s[number] = s
        return number
