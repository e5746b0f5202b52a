"""What a broker may send that it may not: packets cut, flipped, inflated, made of anything.

`read` goes through a stream of bytes as the session does, with a buffer that the stream outgrows.
"""

from fake_noise import Dice

from limen.core import mqtt

CAUSES = ("type", "size", "length", "qos", "topic", "packet id")
_BUFFER = 512
_GOOD = (
    b"\x20\x02\x00\x00",
    b"\x40\x02\x00\x01",
    b"\x90\x03\x00\x01\x01",
    b"\xd0\x00",
    b"\x30\x07\x00\x01ahell",
    b"\x32\x09\x00\x01a\x00\x07hell",
    b"\x3b\x80\x04\x00\x03cmd\x00\x09" + b"x" * 505,
)


class Packets:
    """Streams of packets from a seed."""

    def __init__(self, seed):
        self.dice = Dice(seed)

    def stream(self):
        """A few packets, the last of which may be anything."""
        dice = self.dice
        good = b"".join([dice.pick(_GOOD) for _ in range(dice.below(3))])
        return good + self._bad(bytearray(dice.pick(_GOOD)))

    def _bad(self, packet):
        dice = self.dice
        kind = dice.below(7)
        if kind == 0:
            return dice.bytes(dice.below(40))
        if kind == 1:
            return bytes(packet[: dice.below(len(packet))])
        if kind == 2:
            packet[dice.below(min(len(packet), 8))] ^= 1 << dice.below(8)
            return bytes(packet)
        if kind == 3:
            return bytes(packet[:1]) + b"\xff" * (1 + dice.below(5)) + dice.bytes(8)
        if kind == 4:
            return bytes(packet[:1]) + dice.bytes(20 + dice.below(700))
        if kind == 5:
            return b"\x32\x05\x00\x01a\x00\x00"
        return bytes((dice.below(256),)) + bytes(packet[1:])


def read(stream):
    """How many packets could be taken, and the cause that ended it, None where the bytes did."""
    taken = at = 0
    try:
        while at < len(stream):
            end = min(len(stream), at + _BUFFER)
            size = mqtt.packet_size(stream, at, end)
            if not size or min(size, _BUFFER) > end - at:
                return taken, None
            if stream[at] & 0xF0 == mqtt.PUBLISH:
                offset, packet_id = mqtt.check_publish(stream, at, min(at + size, end))
                assert 0 < offset <= size and 0 <= packet_id < 65536
            elif stream[at] == mqtt.CONNACK:
                mqtt.check_connack(stream, at)
            assert 1 < size <= 0x0FFFFFFF + 5
            at += size
            taken += 1
    except mqtt.ConnectError:
        return taken, "refused"
    except mqtt.ProtocolError as error:
        return taken, error.cause
    return taken, None


def check_packets(seed, count):
    """How often each cause ended one of so many streams; what is no cause has no name here."""
    packets = Packets(seed)
    ends = {}
    for _ in range(count):
        _, cause = read(packets.stream())
        assert cause in CAUSES or cause in (None, "refused")
        name = cause or "whole"
        ends[name] = ends.get(name, 0) + 1
    return ends
