"""A client's delivery that is fed by hand with what a gateway of one meter sends."""

from decimal import Decimal

from host_tools.client import Sample
from host_tools.client.connection import Letter
from host_tools.client.delivery import Delivery, Inbox
from host_tools.contract import Boot, Channel

NAME = "hall-2/press-07"
BASE = f"limen/v1/{NAME}/"
BOOT = Boot("9f03a1c4", 3)
VOLTAGE = Channel("voltage", "V", "gauge", 1)
T_MS = 1_795_291_200_000


def birth(cfg="1c0ffee1", boot=3, unit="V", places=1, before=""):
    return (
        f'{{"inc":"9f03a1c4","boot":{boot},"cfg":"{cfg}","firmware":"0.1.0","reset":"power-on",'
        f'"low":1,{before}"device":[{{"id":"m","model":"X","channel":[{{"name":"voltage",'
        f'"unit":"{unit}","kind":"gauge","places":{places}}}]}}]}}'
    )


def batch(*records, low=1, inc="9f03a1c4", boot=3, cfg="1c0ffee1"):
    frame = '{"inc":"%s","boot":%d,"cfg":"%s","low":%d,"r":[%s]}'
    return frame % (inc, boot, cfg, low, ",".join(records))


def volt(seq, value="230.1"):
    return f'[{seq},{T_MS + seq},0,{{"voltage":{value}}}]'


def early(seq, uptime_ms, quality=1):
    return f'[{seq},null,{quality},{{"voltage":230.0}},{uptime_ms}]'


def clock(seq, uptime_ms, utc_ms, more="", quality=0):
    body = f'{{"clock":"set",{more}"uptime_ms":{uptime_ms},"utc_ms":{utc_ms},"source":"ntp"}}'
    return f"[{seq},{utc_ms},{quality},{body}]"


def sample(seq, boot=BOOT, **facts):
    values = {"value": Decimal("230.1"), "quality": "good", "t_ms": T_MS + seq, "uptime_ms": None}
    values |= {"boot": boot, "seq": seq, "about": VOLTAGE} | facts
    return Sample(NAME, "m", "voltage", **values)


class Scene:
    """A delivery that is fed by hand; `acked` has the packet ids in their order."""

    def __init__(self, state=None):
        self.inbox = Inbox()
        self.acked = []
        self.delivery = Delivery(
            self.inbox, lambda letter: self.acked.append(letter.packet_id), state
        )
        self.now_s = 0
        self._packet_id = 0

    def put(self, topic, payload, retained=False):
        self._packet_id += 1
        qos = 0 if topic == "birth" else 1
        self.inbox.put(Letter(BASE + topic, payload.encode(), retained, qos, self._packet_id, 0))

    def get(self):
        """All that can be had, processed."""
        got = []
        while found := self.delivery.next(self.now_s):
            got += found
            self.delivery.settle()
        return got

    def data(self, *records, **frame):
        self.put("dev/m/data", batch(*records, **frame))
        return self.get()
