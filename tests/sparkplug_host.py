"""A Sparkplug host made of pysparkplug and Eclipse Tahu's schema, which checks all that it hears.

It decodes each message twice, with pysparkplug and with the protobuf library, and notes what the
specification does not allow. pysparkplug's client wants paho-mqtt before 2; `client` gives it the
one method that is gone.
"""

from types import SimpleNamespace

import pysparkplug
from paho.mqtt import client as paho
from pysparkplug._protobuf import Payload

QUALITY_BAD = 0
_BIRTHS = ("NBIRTH", "DBIRTH")


class Host:
    """Set it up as an observer: `hear(topic, payload, retain)`."""

    def __init__(self):
        self.kinds = []  # (kind, device) of each message in its order
        self.wrong = []
        self.births = {}  # device: metric of its last birth by name, as protobuf
        self.metrics = []  # (device, name, time, value, is historical) of all data
        self.bd_seqs = []
        self.born = set()
        self.sizes = []
        self._births = {}
        self._seq = None

    def hear(self, topic, payload, retain=False):
        if not topic.startswith("spBv1.0/") or "/STATE/" in topic:
            return
        _, _, kind, _, *device = topic.split("/")
        device = device[0] if device else None
        if kind in ("NCMD", "DCMD"):
            return
        self.kinds.append((kind, device))
        self.sizes.append(len(payload))
        told = Payload.FromString(payload)
        self._check_order(kind, device, told, retain)
        if kind in _BIRTHS:
            self._check_birth(kind, told)
            self.births[device] = {metric.name: metric for metric in told.metrics}
            self.born.add(device)
        if kind in ("NBIRTH", "NDEATH"):
            self.bd_seqs.append((kind, told.metrics[0].long_value))
        if kind.endswith("DEATH"):
            self.born -= {device} if device else self.born.copy()
        message = pysparkplug.Message.from_mqtt_message(
            SimpleNamespace(topic=topic, payload=payload, qos=0, retain=retain),
            birth=self._births.get(device),
        )
        if kind in _BIRTHS:
            self._births[device] = message.payload
        elif kind.endswith("DATA"):
            self._take_data(device, told, message.payload.metrics)

    def _check_order(self, kind, device, told, retain):
        if retain:
            self.wrong.append((kind, device, "retained"))
        if kind == "NDEATH":
            expected = None
            self.born.clear()
        else:
            expected = 0 if kind == "NBIRTH" else self._seq and self._seq % 256
            self._seq = (expected or 0) + 1
            if told.seq != (expected or 0) or not told.HasField("timestamp"):
                self.wrong.append((kind, device, f"seq {told.seq} and not {expected}"))
        if kind == "NBIRTH":
            self.born.clear()
        if kind == "DBIRTH" and None not in self.born:
            self.wrong.append((kind, device, "before the node's birth"))
        if kind in ("NDATA", "DDATA", "DDEATH") and device not in self.born:
            self.wrong.append((kind, device, "not born"))

    def _check_birth(self, kind, told):
        for metric in told.metrics:
            has_alias = metric.HasField("alias") == (metric.name != "Node Control/Rebirth")
            has_value = metric.is_null != (metric.WhichOneof("value") is not None)
            if not (has_alias and has_value and metric.datatype and metric.timestamp):
                self.wrong.append((kind, metric.name, str(metric)))

    def _take_data(self, device, told, metrics):
        for raw, metric in zip(told.metrics, metrics, strict=True):
            if raw.name or raw.datatype or not raw.timestamp:
                name_is_known = [metric.name for metric in metrics]
                self.wrong.append(("DATA", device, f"{raw} of {name_is_known}"))
            place = device, metric.name
            self.metrics.append((*place, metric.timestamp, metric.value, metric.is_historical))

    def values(self, device, name):
        """(time, value, is historical) of what was told in data of one metric."""
        return [metric[2:] for metric in self.metrics if metric[:2] == (device, name)]


class _Paho(paho.Client):
    def message_retry_set(self, retry):
        """Nothing: what paho-mqtt before 2 has."""


def client(monkeypatch, **arguments) -> pysparkplug.Client:
    """pysparkplug's own client, on the paho-mqtt of today."""
    stand_in = SimpleNamespace(Client=_Paho, MQTTMessage=paho.MQTTMessage)
    monkeypatch.setattr("pysparkplug._client.paho_mqtt", stand_in)
    return pysparkplug.Client(**arguments)


def command(kind, device=None, group="hall-2", node="g1", **metric):
    """(topic, payload) of a command, encoded by pysparkplug, with one metric."""
    topic = pysparkplug.Topic(group, pysparkplug.MessageType(kind), node, device)
    one = pysparkplug.Metric(timestamp=1, **{"name": None, **metric})
    payload = topic.message_type.payload(timestamp=1, metrics=(one,))
    return str(topic), payload.encode(include_dtypes=False)
