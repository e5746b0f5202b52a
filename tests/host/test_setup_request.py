"""Setup mode's parser of HTTP: strict, bounded, and the same however the bytes come."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.paths import FIRMWARE

sys.path.insert(0, str(FIRMWARE))

from setup_request import HttpError, Request, read_form

GET = b"GET /scan HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n"
POST = b"POST /save HTTP/1.1\r\nContent-Length: 9\r\n\r\nssid=a%20"


def test_a_request_is_taken_apart():
    request = Request()
    assert request.feed(POST)
    assert (request.method, request.path, request.body) == ("POST", "/save", b"ssid=a%20")
    assert read_form(request.body) == {"ssid": "a "}


@given(st.sampled_from([GET, POST]), st.integers(1, 20))
def test_pieces_make_no_difference(data, size):
    request = Request()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert [request.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\n\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET x HTTP/1.1\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\n\r\n", 405),
        (b"POST / HTTP/1.1\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1025\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\n folded: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\na: \0\r\n\r\n", 400),
        (b"GET /" + b"x" * 1100, 431),
        (b"GET / HTTP/1.1\r\n" + b"a: 1\r\n" * 50, 431),
    ],
)
def test_what_is_not_right_has_its_status(data, status):
    with pytest.raises(HttpError) as told:
        Request().feed(data)
    assert told.value.args == (status,)


@pytest.mark.parametrize("body", [b"a", b"=1", b"a=1&a=2", b"a=%4", b"a=%zz", b"a=%ff", b"a=%00"])
def test_a_form_that_is_not_right_is_refused(body):
    with pytest.raises(HttpError):
        read_form(body)


@given(st.binary(max_size=200))
def test_any_form_is_read_or_refused(body):
    try:
        assert all(read_form(body))
    except HttpError as error:
        assert error.args == (400,)
