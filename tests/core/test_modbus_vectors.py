"""Frames recorded from real meters, and pairs made wrong on purpose, from the shared vectors.

The vectors lie beside the project, and not everywhere: without them the tests say so and end.
"""

import json

from limen.core import modbus, modbus_writes
from limen.core.modbus import OK, Reply, crc16
from limen.core.numbers import number

_FOLDER = "../shared/vectors/modbus_rtu/"


def vectors(name):
    try:
        with open(_FOLDER + name) as file:
            return json.load(file)
    except OSError:
        print("skipped: no", _FOLDER + name)
        return None


def unhex(text):
    return bytes(int(text[i : i + 2], 16) for i in range(0, len(text), 2))


def exchanged(request, response):
    """(result, reply) of a pair."""
    reply = Reply()
    reply.expect(request)
    result = reply.feed(response, len(response))
    return (reply.finish() if result == modbus.WAITING else result), reply


def request_for(response):
    """The request that a reply of registers answers, where the recording has only the reply."""
    request = bytearray(8)
    count = response[2] // 2 if response[1] < 128 else 1
    modbus.encode_read(request, response[0], response[1] & 0x7F, 0, count)
    return request


def test_frames_of_real_meters_are_accepted():
    frames = vectors("real_frames.json")
    if not frames:
        return
    replies = 0
    for frame in frames["frames"]:
        if not frame["response"]:
            continue
        response = unhex(frame["response"])
        request = unhex(frame["request"]) if frame["request"] else request_for(response)
        result, reply = exchanged(request, response)
        if response[1] > 128:
            assert (result, reply.exception) == (modbus.EXCEPTION, 4), frame["id"]
        else:
            assert result == OK, frame["id"]
        replies += 1
    assert replies == 17


def test_requests_are_encoded_as_recorded():
    frames = vectors("real_frames.json")
    if not frames:
        return
    requests = [unhex(f["request"]) for f in frames["frames"] if f["request"]]
    for request in requests:
        buffer = bytearray(8)
        start, count = request[2] << 8 | request[3], request[4] << 8 | request[5]
        modbus.encode_read(buffer, request[0], request[1], start, count)
        assert buffer == request


# How the recorded registers are to be read; the counts are the recorded values at that resolution.
_KINDS = {
    "abb_pf_total": ("s16", "ABCD", 1, (0x7FFF,), 435),
    "abb_pf_l1_nan": ("s16", "ABCD", 1, (0x7FFF,), None),
    "abb_pf_l2_nan": ("s16", "ABCD", 1, (0x7FFF,), None),
    "abb_pf_l3_nan": ("s16", "ABCD", 1, (0x7FFF,), None),
    "abb_power_total": ("s32", "ABCD", 1, (0x7FFFFFFF,), 54),
    "orno_voltage_l1": ("f32", "ABCD", 10, (), 0),
    "orno_voltage_l3": ("f32", "ABCD", 10, (), 2410),
    "orno_frequency": ("f32", "ABCD", 100, (), 5000),
    "edp_energy_block": ("u32", "ABCD", 1, (), 435),
    "dtsu666h_id": ("u16", "ABCD", 1, (), 16256),
}


def test_registers_of_real_meters_have_their_recorded_values():
    frames = vectors("real_frames.json")
    if not frames:
        return
    decoded = 0
    for frame in frames["frames"]:
        if frame["id"] in _KINDS:
            kind, order, numerator, sentinels, expected = _KINDS[frame["id"]]
            decoder = number(kind, order, numerator, 1, sentinels)
            assert decoder.decode(unhex(frame["response"]), 3) == expected, frame["id"]
            decoded += 1
    assert decoded == len(_KINDS)


def test_a_block_with_the_low_word_first():
    frames = vectors("real_frames.json")
    if not frames:
        return
    block = [unhex(f["response"]) for f in frames["frames"] if f["id"] == "pzem016_block"][0]
    voltage = number("u16", "CDAB", 1, 1)
    wide = number("u32", "CDAB", 1, 1)
    assert voltage.decode(block, 3) == 2257
    assert wide.decode(block, 5) == 108
    assert wide.decode(block, 9) == 244
    assert wide.decode(block, 13) == 38


def test_value_vectors():
    frames = vectors("real_frames.json")
    if not frames:
        return
    kinds = {"float32": "f32", "int32": "s32", "uint32": "u32", "int16": "s16", "uint16": "u16"}
    for vector in frames["value_vectors"]:
        decoder = number(kinds[vector["type"]], vector["word_order"], 1000, 1)
        count = decoder.decode(unhex("".join(vector["words"])), 0)
        # The recorded values are printed with three to six digits.
        assert abs(count - vector["value"] * 1000) <= 50, vector


# Why each wrong pair is refused, by request. Pairs whose request is none of Modbus are beside it.
_WRONG = {
    "0102003f000189c6": modbus.WRONG_COUNT,  # two bytes for one bit
    "010200400001b81e": modbus.TIMEOUT,
    "010300ca0001a434": modbus.WRONG_COUNT,  # and the CRC is right: three bytes for a register
    "010300cb0001f5f4": modbus.WRONG_COUNT,  # a reply that is too short, with a right CRC
    "010f0049000101013299": modbus.WRONG_COUNT,  # confirms two bits instead of one
    "0105004aff00adec": modbus.WRONG_COUNT,  # confirms another bit
    "011000330001020063e3ba": modbus.BAD_CRC,
    "011000340001020063e20d": modbus.WRONG_COUNT,  # confirms two registers instead of one
    "011000350001020063e3dc": modbus.WRONG_COUNT,  # confirms another register
    "011000360001020063e3ef": modbus.WRONG_ADDRESS,  # device 2 answers for device 1
    "011000370001020063e23e": modbus.WRONG_FUNCTION,
    "010600370063782d": modbus.WRONG_COUNT,  # confirms another value
}
# An exception with a longer body than any has: it is told by its first three bytes.
_LONG_EXCEPTION = "011000380001020063e2c1"
# These are wrong only for a master that does not expect its own echo.
_ECHOED = ("140301210001d739", "1403012200012739")


def is_request(frame):
    return (
        len(frame) >= 8
        and frame[1] in (1, 2, 3, 4, 5, 6, 15, 16)
        and not crc16(frame, 0, len(frame))
    )


def is_text(request):
    """Whether the "request" only has Modbus's CRC, and a text for its contents."""
    return b"TEST" in request or b"Message" in request


def test_constructed_pairs():
    constructed = vectors("minimalmodbus_constructed.json")
    if not constructed:
        return
    seen = []
    for pair in constructed["pairs"]:
        request = unhex(pair["request"])
        if is_text(request):
            assert exchanged(request, unhex(pair["response"]))[0] > OK, pair
            continue
        assert is_request(request), pair
        result, _ = exchanged(request, unhex(pair["response"]))
        if pair["request"] == _LONG_EXCEPTION:
            assert result in (modbus.OVERLONG, modbus.WRONG_COUNT), pair
        else:
            assert result == _WRONG.get(pair["request"], OK), (pair, result)
        seen.append(result)
    assert (seen.count(OK), len(seen)) == (62, 75)


def test_requests_to_write_are_encoded_as_recorded():
    constructed = vectors("minimalmodbus_constructed.json")
    if not constructed:
        return
    encoded = 0
    for pair in constructed["pairs"]:
        request = unhex(pair["request"])
        if not is_text(request) and request[1] > 4:
            assert bytes(written_again(request)) == request, pair
            encoded += 1
    assert encoded == 42


def written_again(request):
    """The request that our encoder makes of what this one writes."""
    address, function = request[0], request[1]
    start, word = request[2] << 8 | request[3], request[4] << 8 | request[5]
    if function == 5:
        return modbus_writes.encode_bit(address, start, word == 0xFF00)
    if function == 6:
        return modbus_writes.encode_register(address, start, word)
    if function == 15:
        bits = [request[7 + index // 8] >> index % 8 & 1 for index in range(word)]
        return modbus_writes.encode_bits(address, start, bits)
    return modbus_writes.encode_registers(address, start, request[7:-2])


def test_frames_of_temperature_controllers():
    recorded = vectors("real_frames.json")
    if not recorded:
        return
    for pair in recorded["recorded_devices"]["pairs"]:
        request = unhex(pair["request"])
        assert is_request(request)
        assert exchanged(request, unhex(pair["response"]))[0] == OK, pair
