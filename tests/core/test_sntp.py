from limen.core import sntp

COOKIE = b"\x01\x02\x03\x04\x05\x06\x07\x08"


def reply(transmit_s, fraction=0, flags=0x24, stratum=2, origin=COOKIE, code=b"\0\0\0\0"):
    """A server's packet, its transmit time in seconds since 1900."""
    packet = bytearray(48)
    packet[0] = flags
    packet[1] = stratum
    packet[12:16] = code
    packet[24:32] = origin
    packet[40:44] = (transmit_s & 0xFFFFFFFF).to_bytes(4, "big")
    packet[44:48] = fraction.to_bytes(4, "big")
    return packet


def refusal(packet):
    try:
        sntp.decode_reply(packet, COOKIE, 0)
    except ValueError as error:
        return str(error)
    return None


def test_request():
    packet = bytearray(b"\xff" * 48)
    sntp.encode_request(packet, COOKIE)
    assert packet == b"\x23" + bytes(39) + COOKIE


def test_time_of_a_reply():
    # 2026-11-21 20:48:45.25 UTC is 4004282925.25 s after 1900.
    packet = reply(4004282925, 0x40000000)
    assert sntp.decode_reply(packet, COOKIE, 0) == (848609325, 250)
    assert sntp.decode_reply(reply(3155673600), COOKIE, 0) == (0, 0)


def test_half_the_round_trip_is_added():
    packet = reply(3155673600 + 10, 0xFFFFFFFF)
    assert sntp.decode_reply(packet, COOKIE, 1) == (10, 999)
    assert sntp.decode_reply(packet, COOKIE, 2) == (11, 0)
    assert sntp.decode_reply(packet, COOKIE, 4003) == (13, 0)


def test_the_era_that_begins_in_2036():
    # 2036-02-07 06:28:15 is the last second of era 0.
    assert sntp.decode_reply(reply(0xFFFFFFFF, 0), COOKIE, 0) == (1139293695, 0)
    assert sntp.decode_reply(reply(0, 1), COOKIE, 0) == (1139293696, 0)
    assert sntp.decode_reply(reply(0xFFFFFFFF, 0x80000000), COOKIE, 1000) == (1139293696, 0)
    assert sntp.decode_reply(reply(0x80000000), COOKIE, 0) == (1139293696 + (1 << 31), 0)


def test_what_is_no_reply_is_refused():
    assert refusal(reply(4004282925)[:47]) == "NTP reply: shorter than 48 bytes"
    assert refusal(b"") == "NTP reply: shorter than 48 bytes"
    assert (
        refusal(reply(4004282925, flags=0x23)) == "NTP reply: not from a server of version 1 to 4"
    )
    assert (
        refusal(reply(4004282925, flags=0x2C)) == "NTP reply: not from a server of version 1 to 4"
    )
    assert refusal(reply(4004282925, origin=bytes(8))) == "NTP reply: answers another request"
    assert refusal(reply(0)) == "NTP reply: carries no time"


def test_servers_without_time_are_refused():
    unset = "NTP reply: the server's own clock is not set"
    assert refusal(reply(4004282925, flags=0xE4)) == unset
    assert refusal(reply(4004282925, stratum=16)) == unset
    kiss = reply(4004282925, stratum=0, code=b"RATE")
    assert refusal(kiss) == "NTP reply: the server refuses, code b'RATE'"


def test_older_versions_and_warnings_are_taken():
    assert sntp.decode_reply(reply(3155673601, flags=0x1C), COOKIE, 0) == (1, 0)
    assert sntp.decode_reply(reply(3155673601, flags=0x64), COOKIE, 0) == (1, 0)
