"""The speed of a shaft from a channel, for the orders of a vibration."""

from fake_gateway import FakeGateway, channel

from limen.core.quality import BAD, GOOD, STALE, UNCERTAIN
from limen.functions import shaft
from limen.service.poll import Device


class Signature:
    millihz = 0


class Sensor:
    def __init__(self):
        self.signature = Signature()


def test_a_sensor_is_told_the_speed_of_its_shaft():
    speed = channel("rotational_speed", 1)
    drive, sensors = Device("drive", (speed,), None), [Sensor(), Sensor()]
    bearings = [Device("bearing", (), sensor) for sensor in sensors]
    gateway = FakeGateway([drive] + bearings)
    # 0.1 1/min are 10/6 mHz; the other one is behind a gear of 4.
    settings = {"shafts": [[[1, 0], 2, [5, 0, 3]], [[1, 0], 3, [5, 0, 12]]]}
    function = gateway.add("shafts", shaft.Function, settings, [])

    def told(value, quality=GOOD):
        speed.value, speed.quality = value, quality
        function.feed(drive)
        return [sensor.signature.millihz for sensor in sensors]

    assert told(14800) == [24667, 6167]
    assert told(-14800, UNCERTAIN) == [24667, 6167]
    assert told(0) == [0, 0]
    assert told(14800) == [24667, 6167]
    assert told(None, BAD) == [0, 0]
    assert told(14800, STALE) == [0, 0]
