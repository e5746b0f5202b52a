"""What a subscriber concludes from messages: duplicates, gaps, order, newest values, alarms."""

from decimal import Decimal

from host_tools.contract import Boot
from host_tools.subscriber import Newest, Subscriber

BASE = "limen/v1/hall-2/press-07/"
BOOT = Boot("9f03a1c4", 3)
BIRTH = (
    b'{"inc":"9f03a1c4","boot":3,"cfg":"1c0ffee1","firmware":"0.1.0","reset":"power-on","low":1,'
    b'"device":[{"id":"m","model":"X","channel":['
    b'{"name":"voltage","unit":"V","kind":"gauge","places":1}]}]}'
)


class Scene:
    """A subscriber that has seen a birth, and all that it passed on."""

    def __init__(self, retained=False):
        self.arrivals = []
        self.subscriber = Subscriber(self.arrivals.append)
        self.subscriber.feed(BASE + "birth", BIRTH, retained)

    @property
    def gateway(self):
        return self.subscriber.gateways["hall-2/press-07"]

    def data(self, *records, low=1, topic="dev/m/data"):
        frame = '{"inc":"9f03a1c4","boot":3,"cfg":"1c0ffee1","low":%d,"r":[%s]}'
        self.subscriber.feed(BASE + topic, (frame % (low, ",".join(records))).encode())


def volt(seq, t_ms, value):
    return f'[{seq},{t_ms},0,{{"voltage":{value}}}]'


def test_records_pass_once_and_the_newest_value_stays():
    scene = Scene()
    scene.data(volt(1, 1000, 230.1), volt(2, 2000, 231.5))
    assert [arrival.record.seq for arrival in scene.arrivals] == [1, 2]
    record = scene.arrivals[1].record
    newest = Newest(Decimal("231.5"), BOOT, record, 2, heard=(BOOT, record))
    assert scene.gateway.newest == {("m", "voltage"): newest}
    assert scene.gateway.channel("m", "voltage").unit == "V"
    assert scene.subscriber.errors == []


def test_a_repetition_is_removed_and_counted():
    scene = Scene()
    scene.data(volt(1, 1000, 230.1))
    scene.data(volt(1, 1000, 230.1), volt(2, 2000, 230.2))
    assert (scene.gateway.records, scene.gateway.duplicates) == (2, 1)
    assert (scene.gateway.conflicts, scene.gateway.twins, scene.gateway.misplaced) == (0, 0, 0)


def test_one_name_on_two_contents_is_a_conflict():
    scene = Scene()
    scene.data(volt(1, 1000, 230.1))
    scene.data(volt(1, 1000, 230.2))
    assert (scene.gateway.duplicates, scene.gateway.conflicts) == (1, 1)


def test_two_names_on_one_content_are_twins():
    scene = Scene()
    scene.data(volt(1, 1000, 230.1))
    scene.data(volt(2, 1000, 230.1))
    assert (scene.gateway.duplicates, scene.gateway.twins) == (0, 1)


def test_an_alarm_that_is_told_again_twice_between_two_readings_is_no_twin():
    """The broker was lost twice within a second (seed 12041)."""
    scene = Scene()
    alarm = (
        '[%d,1000,0,{"alarm":"voltage.low","state":"raised","value":0.5,"limit":9.0,"restated":%s}]'
    )
    scene.data(alarm % (1, "true"), alarm % (2, "true"), topic="dev/m/event")
    assert (scene.gateway.records, scene.gateway.twins) == (2, 0)
    scene.data(alarm % (2, "true"), topic="dev/m/event")
    assert (scene.gateway.duplicates, scene.gateway.conflicts) == (1, 0)


def test_only_below_low_is_a_hole_a_gap():
    scene = Scene()
    scene.data(volt(1, 1000, 1), volt(4, 4000, 1))
    assert scene.gateway.boots[BOOT].missing() == []
    scene.data(volt(5, 5000, 1), low=4)
    assert scene.gateway.boots[BOOT].missing() == [2, 3]
    scene.data(volt(3, 3000, 1))
    assert scene.gateway.boots[BOOT].missing() == [2]


def test_what_was_acknowledged_before_the_subscription_is_not_missed():
    scene = Scene(retained=True)
    scene.data(volt(40, 1000, 1), low=40)
    assert scene.gateway.boots[BOOT].missing() == []


def test_order_is_kept_within_data_and_within_events():
    event = '[3,3000,0,{"alarm":"voltage.high","state":"raised","value":9.5,"limit":9.0}]'
    scene = Scene()
    scene.data(event, topic="dev/m/event")
    scene.data(volt(1, 1000, 1), volt(8, 8000, 1))
    scene.data(volt(2, 2000, 1), volt(5, 5000, 1))  # filled in behind
    scene.data(volt(9, 9000, 1), volt(6, 6000, 1))
    assert scene.gateway.misplaced == 0
    scene.data(volt(4, 4000, 1))
    assert scene.gateway.misplaced == 1


def test_backfill_does_not_replace_the_newest_value():
    scene = Scene()
    scene.data(volt(2, 2000, 232.0))
    scene.data(volt(1, 1000, 231.0))
    assert scene.gateway.newest["m", "voltage"].value == Decimal("232.0")


def test_a_clock_event_places_records_that_carry_an_uptime():
    scene = Scene()
    scene.data('[1,null,1,{"voltage":230.0},2500]')
    early = scene.arrivals[0].record
    assert scene.gateway.utc_ms(BOOT, early) is None
    clock = (
        '[2,1795291200500,0,{"clock":"set","uptime_ms":3500,"utc_ms":1795291200500,"source":"ntp"}]'
    )
    scene.data(clock, topic="dev/gateway/event")
    assert scene.gateway.utc_ms(BOOT, early) == 1795291199500


def test_alarms_that_are_raised_now():
    alarm = '[%d,1000,0,{"alarm":"voltage.high","state":"%s","value":9.5,"limit":9.0}]'
    scene = Scene()
    scene.data(alarm % (1, "raised"), topic="dev/m/event")
    assert scene.gateway.raised == {("m", "voltage.high")}
    scene.data(alarm % (2, "cleared"), topic="dev/m/event")
    assert scene.gateway.raised == set()


def test_what_breaks_the_contract_is_counted_and_shown():
    scene = Scene()
    scene.subscriber.feed(BASE + "dev/m/data", b"{")
    scene.data('[1,1000,0,{"volts":1}]')
    scene.subscriber.feed(BASE + "dev/m/data", b'{"inc":"a","boot":1,"cfg":"beef","low":1,"r":[%b]}'
                          % volt(1, 1000, 1).encode())  # fmt: skip
    assert len(scene.subscriber.errors) == 3
    assert scene.subscriber.errors[0].startswith("limen/v1/hall-2/press-07/dev/m/data: not JSON")
    assert scene.subscriber.errors[1] == "record 1: no birth of hall-2/press-07 has m volts"
    assert scene.subscriber.errors[2] == "hall-2/press-07: no birth explains cfg 'beef'"


def test_status_tells_who_is_online():
    scene = Scene()
    scene.subscriber.feed(BASE + "status", b'{"inc":"9f03a1c4","boot":3,"online":true}')
    assert scene.gateway.online
    scene.subscriber.feed(BASE + "status", b'{"inc":"9f03a1c4","boot":3,"online":false}')
    assert not scene.gateway.online
