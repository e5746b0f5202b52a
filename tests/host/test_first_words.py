"""What follows from a gateway's first words."""

from decimal import Decimal

import pytest

from host_tools.client import Sample
from host_tools.client.items import Born
from host_tools.contract import Birth, Boot
from host_tools.first_words import FirstWords

CONFIG = {
    "site": "hall-2",
    "gateway": "press-07",
    "bus": [{"id": "rs485", "kind": "modbus-rtu", "baud": 9600}],
    "device": [
        {"id": "meter-1", "bus": 0, "address": 1},
        {"id": "meter-3", "bus": 0, "address": 3},
    ],
}
ONLINE = "limen: online at broker.local:1883"


def born(number):
    boot = Boot("9f03a1c4", number)
    return Born("hall-2/press-07", Birth(boot, "1c0ffee1", 1, "0.1.0", "power on", {}, {}))


def sample(device, value="230.1", boot=1):
    return Sample(
        "hall-2/press-07", device, "voltage_l1", Decimal(value), "good", 0, None,
        Boot("9f03a1c4", boot), 1, None,
    )  # fmt: skip


@pytest.fixture
def words():
    words = FirstWords(CONFIG, 0, lambda line: None)
    words.has_broker = True
    return words


def test_all_is_well_once_every_device_has_told_a_value(words):
    words.hear_line(ONLINE, 5)
    words.hear_item(sample("meter-1"), 6)
    assert not words.is_settled(20)
    words.hear_item(sample("meter-3"), 21)
    assert not words.is_settled(22) and words.is_settled(25)
    assert words.problem() is None
    assert words.story() == ["  meter-1: voltage_l1 230.1", "  meter-3: voltage_l1 230.1"]


def test_a_silent_device_is_named_with_its_place(words):
    words.hear_line(ONLINE, 5)
    words.hear_item(sample("meter-1"), 6)
    words.hear_line('limen: meter-3: {"device":"silent"}', 9)
    assert words.is_settled(13)
    assert words.problem().startswith(
        "It is online, but meter-3 is silent (address 3, bus rs485, 9600 baud): check its wiring"
    )
    words.hear_line('limen: meter-3: {"device":"answering"}', 14)
    assert "nothing came of meter-3" in words.problem()


def test_a_silent_sensor_has_its_address_as_data_sheets_print_it():
    config = CONFIG | {
        "bus": [{"id": "wires", "kind": "i2c"}],
        "device": [{"id": "cabinet", "bus": 0, "address": 0x44}],
    }
    words = FirstWords(config, 0, lambda line: None)
    words.hear_line(ONLINE, 5)
    words.hear_line('limen: cabinet: {"device":"silent"}', 9)
    assert "cabinet is silent (address 0x44, bus wires)" in words.problem()


def test_what_an_earlier_start_has_told_does_not_count(words):
    words.hear_item(born(1), 1)
    words.hear_item(sample("meter-1", boot=1), 1)
    words.hear_line(ONLINE, 5)
    words.hear_item(born(2), 6)
    words.hear_item(sample("meter-1", boot=1), 7)
    assert words.story() == []
    assert "nothing came of meter-1, meter-3" in words.problem()


def test_values_may_be_quicker_than_the_console(words):
    words.hear_item(born(1), 4)
    words.hear_item(sample("meter-1"), 4)
    words.hear_item(sample("meter-3"), 4)
    assert "not online" in words.problem()
    words.hear_line(ONLINE, 5)
    assert len(words.story()) == 2
    assert words.problem() is None


def test_a_trouble_has_its_time_before_it_is_the_end(words):
    words.hear_line("limen: hall-2: The network does not accept the password: correct it.", 5)
    assert not words.is_settled(20) and words.is_settled(26)
    assert words.problem() == (
        "It is not online. It says: hall-2: The network does not accept the password: correct it."
    )
    words.hear_line(ONLINE, 27)
    assert "not online" not in words.problem()


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("invalid header: 0xffffffff", "its flash holds no program"),
        ("E (65) boot: load partition table error!", "flashing did not end: run it again"),
        ("Brownout detector was triggered", "another cable or USB port"),
        ("MemoryError: memory allocation failed", "a board with PSRAM"),
    ],
)
def test_what_the_chip_says_is_explained(words, line, advice):
    words.hear_line(line, 1)
    assert advice in words.problem()


def test_a_board_that_says_nothing_is_told_so(words):
    assert not words.is_settled(1000)
    assert "does not say why" in words.problem()


def test_without_a_broker_the_console_alone_tells(words):
    words.has_broker = False
    words.hear_line(ONLINE, 5)
    assert not words.is_settled(15) and words.is_settled(21)
    assert words.problem() is None
