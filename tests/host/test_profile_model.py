"""Meters that are made of what is read from them, for models that have no table of their own."""

from fractions import Fraction

import pytest

import meter_reader
from host_tools.emulation.completed import Completed
from host_tools.emulation.held import Held
from host_tools.emulation.line import Line
from host_tools.emulation.meter import Meter, crc16, with_crc
from host_tools.emulation.profile_model import ProfileRegister, profile_model
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Constant
from host_tools.profile import load_profile, profile_names
from profile_meters import compact_device, nearest

VALUES = (Fraction(0), Fraction(3, 4), Fraction(2317, 10), Fraction(-12345, 1000), 10**12, None)


def read_back(device, value):
    """(counts that the firmware reads, counts that the meter tells) of all channels."""
    model = profile_model(device)
    ratio = None if value is None else value.as_integer_ratio()
    cells, told = {}, {}
    for function, table in model.tables.items():
        for address, register in [*table.registers.items(), *table.parts]:
            words, told[register.quantity] = register.encode(ratio)
            for at in range(register.words):
                cell = f"{function}/{address + at}"
                cells[cell] = cells.get(cell, 0) | int.from_bytes(words[2 * at : 2 * at + 2])
    counts = meter_reader.read({"settings": device, "cells": cells, "longest": model.limit})
    channels = device["channel"]
    return counts, [
        None
        if told[one["name"]] is None
        else nearest(told[one["name"]] * Fraction(10) ** one["places"])
        for one in channels
    ]


def sentinels(channel):
    _, kind, _, _, _, *rest = channel["register"]
    return rest[6:] if kind.endswith("*") else rest


@pytest.mark.parametrize("name", profile_names())
def test_what_such_a_meter_tells_is_what_is_read(name):
    profile = load_profile(name)
    device = compact_device(name, [channel[0] for channel in profile["channel"]])
    for value in VALUES:
        for channel, count, told in zip(device["channel"], *read_back(device, value), strict=True):
            if value is None and sentinels(channel):
                assert told is None
            if channel["register"][1] != "pf32" or value is None or abs(value) <= 1:
                assert count == told, channel["name"]


@pytest.mark.parametrize("name", profile_names())
def test_what_registers_tell_is_decoded_from_their_words(name):
    profile = load_profile(name)
    device = compact_device(name, [channel[0] for channel in profile["channel"]])
    for table in profile_model(device).tables.values():
        for register in table.registers.values():
            if isinstance(register, ProfileRegister) and not register.width:
                for value in VALUES[:-1]:
                    words, told = register.encode(value.as_integer_ratio())
                    assert register.decode(words) == told


class Wired:
    """A meter that is made of what is read of it, and who asks it, by frames without their ends."""

    def __init__(self, device, signals, on_read=None):
        self._scheduler = VirtualScheduler()
        self._heard = bytearray()
        line = Line(self._scheduler)
        model = profile_model(device)
        Meter(self._scheduler, line, 1, model, signals, on_read=on_read)
        self._port = line.port(model.framing, self._heard.extend)

    def ask(self, *request):
        self._heard.clear()
        self._port.send(with_crc(bytes((1, *request))))
        self._scheduler.run_until(self._scheduler.now_us + 1_000_000)
        assert not crc16(self._heard)
        return tuple(self._heard[1:-2])


def test_what_a_hand_holds_is_told_although_nothing_else_knows_it():
    told, held = [], Held(Completed(Constant()))
    device = compact_device("delta-dtb", ["temperature"])
    wired = Wired(device, held, on_read=lambda *read: told.append(read[1:]))
    for held.values in ({}, {"temperature": 85}):
        wired.ask(3, 0x10, 0, 0, 1)
    assert told == [("temperature", 85)]


def test_what_is_written_is_held_and_read_back():
    channels = ("temperature_setpoint", "operating_state")
    device = compact_device("delta-dtb", channels, writable=channels)
    held = Held(Completed(Constant(temperature_setpoint=20)))
    wired = Wired(device, held)
    setpoint, state = (3, 0x10, 1, 0, 1), (2, 0x08, 0x14, 0, 1)
    assert wired.ask(*setpoint) == (3, 2, 0, 200)
    assert wired.ask(6, 0x10, 1, 0xFF, 0x9C) == (6, 0x10, 1, 0xFF, 0x9C)
    assert wired.ask(*setpoint) == (3, 2, 0xFF, 0x9C)
    assert held.values == {"temperature_setpoint": -10}
    assert wired.ask(5, 0x08, 0x14, 0xFF, 0) == (5, 0x08, 0x14, 0xFF, 0)
    assert wired.ask(*state) == (2, 1, 1)
    held.values.clear()
    assert wired.ask(*setpoint) == (3, 2, 0, 200)


@pytest.mark.parametrize(
    "request_, code",
    [
        ((6, 0x10, 0, 0, 1), 2),  # what is measured
        ((16, 0x10, 1, 0, 1, 2, 0, 1), 1),  # by another function than the profile says
        ((5, 0x08, 0x14, 0, 1), 3),
        ((5, 0x10, 0x01, 0xFF, 0), 2),
        ((15, 0x08, 0x14, 0, 1, 1, 1), 1),
    ],
)
def test_what_cannot_be_written_is_refused(request_, code):
    channels = ("temperature", "temperature_setpoint", "operating_state")
    device = compact_device("delta-dtb", channels, writable=channels[1:])
    wired = Wired(device, Constant())
    assert wired.ask(*request_) == (request_[0] | 0x80, code)


def of_registers(*channels):
    """A device of channels (name, places, function to write, register)."""
    made = [
        {"name": name, "places": places, "register": register, "every_ms": 1000}
        | ({"write": [function, 0, 1]} if function else {})
        for name, places, function, register in channels
    ]
    return {"fc": 3, "max_registers": 10, "channel": made}


def test_numbers_of_several_registers_are_written_as_a_whole():
    device = of_registers(
        ("voltage", 1, 16, [4, "f32", "CDAB", 10, 1]),
        ("current", 3, 16, [6, "s32", "ABCD", 1, 1]),
    )
    wired = Wired(device, Constant(voltage=Fraction(461, 2), current=-1))
    assert wired.ask(3, 0, 4, 0, 4)[2:] == (0x80, 0, 0x43, 0x66, 0xFF, 0xFF, 0xFC, 0x18)
    both = (0, 0, 0x43, 0x67, 0xFF, 0xFF, 0xFC, 0x19)
    assert wired.ask(16, 0, 4, 0, 4, 8, *both) == (16, 0, 4, 0, 4)
    assert wired.ask(3, 0, 4, 0, 4)[2:] == both
    assert wired.ask(16, 0, 5, 0, 1, 2, 0, 0) == (0x90, 2)
    assert wired.ask(16, 0, 4, 0, 1, 2, 0, 0) == (0x90, 2)
    assert wired.ask(16, 0, 4, 0, 2, 2, 0, 0) == (0x90, 3)
    assert wired.ask(16, 0, 4, 0, 0, 0) == (0x90, 3)


def test_bits_of_one_register_do_not_overwrite_each_other():
    bits = [("digital_input", 0), ("operating_state", 1), ("control_output", 4)]
    device = of_registers(
        *(
            (name, 0, 0, [9, "u16*", "ABCD", 1, 1, 0, 0, 0, -1, low, 4 if low == 4 else 1])
            for name, low in bits
        )
    )
    told = []
    signals = Constant(digital_input=1, operating_state=0, control_output=77)
    wired = Wired(device, signals, on_read=lambda *read: told.append(read[1:]))
    assert wired.ask(3, 0, 9, 0, 1) == (3, 2, 0, 0xF1)
    assert told == [("digital_input", 1), ("operating_state", 0), ("control_output", 15)]
