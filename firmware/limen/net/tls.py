"""TLS to the broker through the stock `tls` module: chain and name are verified, always.

The CA, and the gateway's own certificate and key where it has them, lie on flash as DER, which
every port reads. They are loaded once; the context is reused for every connection. What goes wrong
becomes a TlsError with a cause of a closed list.

Dates can only be checked against a clock. While the gateway's is not set, the chip's counts from a
day on which every certificate of `limen ca` is valid (`hal/board.py`): chain and name are checked
all the same.
"""

import gc
from errno import ECONNABORTED, ECONNRESET, ENOMEM

import tls

from limen.core.compat import const
from limen.core.mqtt import MqttError

CA = "/ca.der"
CERTIFICATE = "/client.der"
KEY = "/client.key"

# What mbedTLS finds wrong with a certificate, by a word of its text; what matters most comes first.
_FLAWS = (
    ("signed", "unknown ca"),
    ("match", "wrong name"),
    ("expired", "expired"),
    ("future", "not yet valid"),
    ("invalid", "files"),
)
# Error codes of mbedTLS, negated, without the low seven bits, which are those of a lower layer.
_NO_MEMORY = const(0x7F00)
_LOW = const(0x7F)
_MPI_NO_MEMORY = const(0x10)
_CAUSES = (
    ((_NO_MEMORY, 0x2880, 0x3F80, 0x4D80), "memory"),
    ((0x7200,), "not tls"),
    ((0x7280,), "ended"),
    ((0x7780,), "alert"),
    ((0x2700,), "certificate"),
)
_LAST_ERRNO = const(-256)  # nearer to zero a code is an errno, with either sign
_EPIPE = const(32)
_ENDED = (_EPIPE, ECONNRESET, ECONNABORTED)


class TlsError(MqttError):
    """No secure connection could be made; `cause` says why."""

    kind = "tls"


class Tls:
    """Secures connections; `clock` tells whether dates can be checked."""

    def __init__(self, clock):
        self._clock = clock
        self._context = None

    def wrap(self, connection, host):
        """A stream over the connection, which never blocks; the handshake takes place in its first
        reads and writes. Raises TlsError."""
        gc.collect()
        try:
            if not self._context:
                self._context = load_context()
            return self._context.wrap_socket(
                connection, server_hostname=host, do_handshake_on_connect=False
            )
        except MemoryError:
            raise TlsError("memory")
        except (OSError, ValueError) as error:
            raise self.explain(error)

    def explain(self, error, is_secured=False):
        """What an error of the stream means: a TlsError of the handshake, or an OSError."""
        if is_secured:
            return OSError(ECONNRESET)
        if isinstance(error, ValueError):
            return TlsError(self._flaw(str(error)))
        code = error.errno
        if code < _LAST_ERRNO:
            return TlsError(_broken(-code))
        code = abs(code)
        if code in _ENDED:
            return TlsError("ended")
        return TlsError("memory") if code in (ENOMEM, _MPI_NO_MEMORY) else OSError(code)

    def _flaw(self, text):
        for word, cause in _FLAWS:
            if word in text:
                if cause == "not yet valid" and not self._clock.is_set:
                    return "clock not set"
                return cause
        return "certificate"


def _broken(code):
    """The cause of an error code of mbedTLS."""
    kind = code & ~_LOW
    if code & _LOW == _MPI_NO_MEMORY:
        kind = _NO_MEMORY
    for codes, cause in _CAUSES:
        if kind in codes:
            return cause
    return "handshake"


def load_context():
    """The context, with what is on flash. Raises OSError, ValueError, MemoryError."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    try:
        with open(CA, "rb") as file:
            while certificate := _next_der(file):
                context.load_verify_locations(certificate)
        certificate = _content(CERTIFICATE)
        if certificate:
            context.load_cert_chain(certificate, _content(KEY))
    except OSError:
        raise ValueError("invalid file")
    return context


def _next_der(file):
    """The next of several DER structures, each of which begins with its length."""
    head = file.read(4)
    return head and head + file.read(head[2] << 8 | head[3])


def _content(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
