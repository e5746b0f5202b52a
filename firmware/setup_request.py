"""A request of HTTP/1 as setup mode takes it: strict, within bounds, without any I/O.

Bytes go in as they come; only one line of the head is held, and a body of `MOST_BODY` bytes. What
is not plainly right is an `HttpError` with its status, after which the connection is to be closed.
"""

MOST_LINE = 1024
MOST_LINES = 48
MOST_BODY = 1024
_TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = b"0123456789"


class HttpError(Exception):
    """Its argument is the status to answer with."""


class Request:
    """`method`, `path` and `body` hold when `feed` has returned True; what follows is ignored."""

    def __init__(self):
        self.method = self.path = None
        self.body = b""
        self._line = b""
        self._lines = 0
        self._length = None
        self._in_body = False

    def feed(self, data):
        """Take bytes; True when the request is whole."""
        while not self._in_body:
            at = data.find(b"\n")
            self._line += data if at < 0 else data[: at + 1]
            if len(self._line) > MOST_LINE:
                raise HttpError(431)
            if at < 0:
                return False
            data = data[at + 1 :]
            line, self._line = self._line, b""
            self._take_line(line)
        self.body = (self.body + data)[: self._length or 0]
        return len(self.body) == (self._length or 0)

    def _take_line(self, line):
        if line[-2:] != b"\r\n":
            raise HttpError(400)
        line = line[:-2]
        self._lines += 1
        if self._lines > MOST_LINES:
            raise HttpError(431)
        if any(byte < 32 and byte != 9 or byte == 127 for byte in line):
            raise HttpError(400)
        if self.method is None:
            self._take_first(line)
        elif line:
            self._take_field(line)
        else:
            if self.method == "POST" and self._length is None:
                raise HttpError(411)
            self._in_body = True

    def _take_first(self, line):
        parts = line.split(b" ")
        if len(parts) != 3 or parts[2] not in (b"HTTP/1.0", b"HTTP/1.1"):
            raise HttpError(400)
        if parts[0] not in (b"GET", b"POST"):
            raise HttpError(405)
        if parts[1][:1] != b"/" or max(parts[1]) > 126:
            raise HttpError(400)
        self.method = str(parts[0], "ascii")
        self.path = str(parts[1], "ascii")

    def _take_field(self, line):
        name, colon, value = line.partition(b":")
        if not colon or not name or not all(byte in _TOKEN for byte in name):
            raise HttpError(400)
        name, value = name.lower(), value.strip(b" \t")
        if name == b"transfer-encoding":
            raise HttpError(501)
        if name == b"content-length":
            if self._length is not None or not value or len(value) > 9:
                raise HttpError(400)
            if not all(byte in _DIGITS for byte in value):
                raise HttpError(400)
            self._length = int(value)
            if self._length > MOST_BODY:
                raise HttpError(413)


def read_form(body):
    """{name: value} of a form's body (application/x-www-form-urlencoded); HttpError(400)."""
    found = {}
    for pair in body.split(b"&") if body else ():
        name, equals, value = pair.partition(b"=")
        name = _decoded(name)
        if not equals or not name or name in found:
            raise HttpError(400)
        found[name] = _decoded(value)
    return found


def _decoded(data):
    head, *rest = data.replace(b"+", b" ").split(b"%")
    try:
        for part in rest:
            if not all(byte in b"0123456789abcdefABCDEF" for byte in part[:2]):
                raise ValueError
            head += bytes([int(part[:2], 16)]) + part[2:]
        text = str(head, "utf-8")
    except ValueError:  # UnicodeError is one
        raise HttpError(400)
    if any(ord(character) < 32 for character in text):
        raise HttpError(400)
    return text
