"""A DS3231 on a gateway in virtual time: over power cuts, without a time server and beside one."""

import datetime

from console import troubles
from host_tools.contract import ClockSet, ClockStep, Values
from host_tools.emulation.parts.ds3231 import Ds3231
from host_tools.emulation.parts.sht3x import Sht3x
from host_tools.emulation.time_server import time_reply
from virtual_gateway import VirtualGateway

SITE = """
[site]
id = "hall-2"
ntp = [{servers}]
[mqtt]
host = "broker.local"
[gateway.g1]
board = "espressif-esp32-devkitc"
rtc = "sensors"
[[gateway.g1.bus]]
id = "sensors"
kind = "i2c"
sda = 21
scl = 22
[[gateway.g1.device]]
id = "cabinet"
bus = "sensors"
profile = "sensirion-sht3x"
every = "5s"
"""
START_S = 1_798_761_600  # 2027-01-01


class Scene(VirtualGateway):
    """A gateway with a DS3231 and a sensor on one bus; `is_up` is that of the time server."""

    def __init__(self, folder, servers='"time.local"', ppm=0):
        super().__init__(folder, SITE.format(servers=servers), time_servers=(), start_s=START_S)
        self.is_up = False
        self.lan.answer("time.local", 123, self._answer)
        self.rtc = Ds3231(self.scheduler, ppm)
        self.board.peripherals.i2c[0] = {0x44: Sht3x(self.scheduler), 0x68: self.rtc}

    def __exit__(self, *exception):
        super().__exit__(*exception)
        assert troubles(self.console) == []

    def _answer(self, request):
        return time_reply(request, self.scheduler.utc_us()) if self.is_up else None

    @property
    def now(self):
        return datetime.datetime.fromtimestamp(self.scheduler.utc_us() / 1e6, datetime.UTC).replace(
            tzinfo=None
        )

    def cut_power(self, seconds):
        self.board.power_cut()
        self.run(seconds)
        self.arrivals.clear()
        self.board.start()

    def last_error_ms(self):
        """By how much the newest value's time differs from that of a reading each 5 s."""
        newest = [one.record for one in self.arrivals if isinstance(one.record.body, Values)][-1]
        return newest.t_ms - self.scheduler.utc_us() / 1000


def test_a_server_sets_it_and_it_sets_the_clock_after_a_power_cut(tmp_path):
    with Scene(tmp_path) as scene:
        assert not scene.rtc.is_trusted
        scene.is_up = True
        scene.run(30)
        assert [event.source for event in scene.bodies(ClockSet)] == ["ntp"]
        assert scene.rtc.is_trusted
        scene.is_up = False
        scene.cut_power(3600)
        scene.run(30)
        assert abs(scene.rtc.moment - scene.now) < datetime.timedelta(seconds=1.1)
        (event,) = scene.bodies(ClockSet)
        assert (event.source, event.uptime_ms < 3000) == ("ds3231", True)
        assert -5_300 < scene.last_error_ms() < 100
        boot_ms = event.utc_ms - event.uptime_ms
        assert abs(boot_ms - (START_S + 30 + 3600) * 1000 - 300) < 100  # the chip takes 300 ms


def test_a_stopped_oscillator_sets_nothing(tmp_path):
    with Scene(tmp_path) as scene:
        scene.rtc.set(datetime.datetime(2031, 5, 5))
        scene.run(30)
        assert scene.bodies(ClockSet) == []
        scene.is_up = True
        scene.run(100)
        assert [event.source for event in scene.bodies(ClockSet)] == ["ntp"]
        assert scene.rtc.is_trusted
        scene.rtc.stop_oscillator()
        scene.is_up = False
        scene.cut_power(10)
        scene.run(60)
        assert scene.bodies(ClockSet) == []


def test_a_server_knows_better_than_the_rtc(tmp_path):
    with Scene(tmp_path) as scene:
        scene.is_up = True
        scene.run(30)
        scene.rtc.set(scene.now + datetime.timedelta(hours=1))
        scene.cut_power(10)
        scene.run(200)
        assert [event.source for event in scene.bodies(ClockSet)] == ["ds3231"]
        (step,) = scene.bodies(ClockStep)
        assert (step.source, round((step.utc_ms - step.was_ms) / 60000)) == ("ntp", -60)
        assert abs(scene.rtc.moment - scene.now) < datetime.timedelta(seconds=1.1)


def test_it_keeps_the_time_where_there_is_no_server(tmp_path):
    with Scene(tmp_path, servers="", ppm=100) as scene:
        scene.rtc.write(b"\x00\x00\x00\x00\x05\x01\x01\x27")
        scene.rtc.write(b"\x0f\x00")
        scene.run(1200)
        assert [event.source for event in scene.bodies(ClockSet)] == ["ds3231"]
        assert scene.bodies(ClockStep) == []
        assert -5_300 + 50 < scene.last_error_ms() < 220


def test_one_that_is_not_there_is_nobodys_trouble(tmp_path):
    with Scene(tmp_path) as scene:
        scene.rtc.is_present = False
        scene.is_up = True
        scene.run(60)
        assert [event.source for event in scene.bodies(ClockSet)] == ["ntp"]
