"""The line in virtual time: when bytes arrive, and what arrives of them."""

import asyncio

import pytest
import serial

from host_tools.emulation.line import Framing, Line, PtyPort, heard_as
from host_tools.emulation.scheduler import RealScheduler, VirtualScheduler

FRAMING = Framing(9600)


class Listener:
    """A port that writes down what it hears, and when."""

    def __init__(self, line, framing=FRAMING):
        self.heard = []
        self.clock = line.scheduler
        self.port = line.port(framing, self.receive)

    def receive(self, data):
        self.heard.append((self.clock.now_us, data))

    @property
    def data(self):
        return b"".join(data for _, data in self.heard)


def world(count=2, grain_us=None):
    clock = VirtualScheduler()
    line = Line(clock, grain_us)
    return clock, line, [Listener(line) for _ in range(count)]


def test_a_frame_reaches_all_others_when_its_last_bit_is_over():
    clock, _, (sender, near, far) = world(3)
    sender.port.send(bytes(8))
    clock.run_until(1_000_000)
    # 8 characters of 10 bits at 9600 baud: 8333.3 µs
    assert near.heard == far.heard == [(8334, bytes(8))]
    assert sender.heard == []


@pytest.mark.parametrize(
    ("framing", "chars", "duration_us"),
    [
        (Framing(9600), 1, 1042),
        (Framing(9600), 960, 1_000_000),
        (Framing(19200, parity="E"), 1, 573),
        (Framing(2400, stop=2), 165, 756_250),
        (Framing(115200, bits=7, parity="O"), 11520, 1_000_000),
    ],
)
def test_characters_take_the_time_of_their_bits(framing, chars, duration_us):
    assert framing.duration_us(chars) == duration_us


def test_bytes_come_one_by_one_with_a_grain_below_a_character():
    clock, _, (sender, listener) = world(grain_us=1)
    sender.port.send(b"abc")
    clock.run_until(1_000_000)
    assert listener.heard == [(1042, b"a"), (2084, b"b"), (3125, b"c")]


def test_a_grain_holds_as_many_whole_characters_as_fit():
    clock, _, (sender, listener) = world(grain_us=2500)
    sender.port.send(b"abcde")
    clock.run_until(1_000_000)
    assert listener.heard == [(2084, b"ab"), (4167, b"cd"), (5209, b"e")]


def test_a_second_send_waits_for_the_first_to_leave():
    clock, _, (sender, listener) = world()
    assert sender.port.send(b"ab") == 2084
    assert sender.port.send(b"c") == 2084 + 1042
    clock.run_until(1_000_000)
    assert listener.heard == [(2084, b"ab"), (3126, b"c")]


def test_two_senders_damage_just_the_bytes_that_overlap():
    clock, _, (one, two, listener) = world(3)
    one.port.send(b"abcd")
    clock.at(3200, lambda: two.port.send(b"wxyz"))
    clock.run_until(1_000_000)
    (_, first), (_, second) = listener.heard
    assert first[:3] == b"abc" and first[3] != ord("d")
    assert second[0] != ord("w") and second[1:] == b"xyz"


def test_damage_is_the_same_in_every_run():
    def run():
        clock, _, (one, two, listener) = world(3)
        one.port.send(b"request")
        two.port.send(b"another")
        clock.run_until(1_000_000)
        return listener.heard

    assert run() == run()


def test_frames_that_only_touch_are_not_damaged():
    clock, _, (one, two, listener) = world(3)
    clock.at(one.port.send(b"ab"), lambda: two.port.send(b"cd"))
    clock.run_until(1_000_000)
    assert listener.data == b"abcd"


def test_bytes_sent_with_the_driver_off_are_lost():
    clock, _, (sender, listener) = world()
    sender.port.driving = True
    sender.port.send(b"abcd")
    clock.at(2500, lambda: setattr(sender.port, "driving", False))
    clock.run_until(1_000_000)
    assert listener.data == b"ab"


def test_a_driver_left_on_damages_the_answer():
    clock, _, (board, meter) = world()
    board.port.driving = True
    board.port.send(b"?")
    clock.at(1042, lambda: meter.port.send(b"abc"))
    clock.at(2500, lambda: setattr(board.port, "driving", False))
    clock.run_until(1_000_000)
    assert len(board.data) == 3
    assert board.data[0] != ord("a") and board.data[1] != ord("b") and board.data[2] == ord("c")


def test_a_closed_port_hears_nothing():
    clock, _, (sender, listener) = world()
    listener.port.close()
    sender.port.send(b"abc")
    clock.run_until(1_000_000)
    assert listener.heard == []


def test_the_hook_for_noise_sees_all_that_travels():
    clock, line, (sender, listener) = world()
    line.distort = lambda data: data.replace(b"b", b"\x00")
    sender.port.send(b"abc")
    clock.run_until(1_000_000)
    assert listener.data == b"a\x00c"


REQUEST = bytes.fromhex("01 04 00 00 00 02 71 cb")


def test_a_receiver_with_the_same_bits_hears_every_byte():
    everything = bytes(range(256))
    assert heard_as(everything, FRAMING, FRAMING) == everything


def test_a_second_stop_bit_disturbs_nobody():
    two_stops = Framing(9600, stop=2)
    assert heard_as(REQUEST, FRAMING, two_stops) == REQUEST
    assert heard_as(REQUEST, two_stops, FRAMING) == REQUEST


@pytest.mark.parametrize(
    "heard",
    [
        Framing(19200),
        Framing(4800),
        Framing(9600, parity="E"),
        Framing(9600, parity="O"),
        Framing(115200),
        Framing(300),
    ],
)
def test_a_receiver_with_other_settings_hears_garbage(heard):
    assert heard_as(REQUEST, FRAMING, heard) != REQUEST
    assert heard_as(REQUEST, heard, FRAMING) != REQUEST


def test_the_wrong_parity_spoils_every_byte():
    even, odd = Framing(9600, parity="E"), Framing(9600, parity="O")
    assert heard_as(b"\x00\x01\xff", even, odd) == b"\xff\xfe\x00"


def test_twice_the_baud_reads_each_bit_twice():
    # 0x55 leaves as 0 10101010 1: at double speed start, 0, 1, 1, 0, 0, 1, 1, 0 and a stop of 0.
    heard = heard_as(b"\x55", Framing(9600), Framing(19200))
    assert heard[0] == 0b01100110 ^ 0xFF


def test_garbage_arrives_at_the_time_of_the_sender():
    clock = VirtualScheduler()
    line = Line(clock)
    sender, listener = Listener(line), Listener(line, Framing(19200))
    sender.port.send(REQUEST)
    clock.run_until(1_000_000)
    assert [time_us for time_us, _ in listener.heard] == [8334]
    assert listener.data == heard_as(REQUEST, FRAMING, Framing(19200)) != REQUEST


def through_a_terminal(framing, **settings):
    """What a listener at 19200 8N2 hears of "hello" from a program, and the framing it left in."""

    async def run():
        line, heard = Line(RealScheduler()), asyncio.Queue()
        line.port(Framing(19200, stop=2), heard.put_nowait)
        terminal = PtyPort(line, framing)
        with serial.Serial(terminal.path, **settings) as program:
            program.write(b"hello")
            data = b"".join([await heard.get() for _ in range(3)])
        terminal.close()
        return data, terminal.framing

    return asyncio.run(asyncio.wait_for(run(), 10))


def test_a_terminal_follows_the_program_in_groups_of_a_millisecond():
    # A character takes 573 µs, so each comes by itself.
    data = through_a_terminal(None, baudrate=19200, stopbits=2)
    assert data == (b"hel", Framing(19200, stop=2))


def test_a_terminal_keeps_the_framing_that_it_was_given():
    framing = Framing(19200, parity="E")
    data, left = through_a_terminal(framing, baudrate=9600)
    assert left == framing
    assert data != b"hel"
