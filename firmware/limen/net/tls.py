"""TLS to the broker through the stock `tls` module: chain and name are verified, always.

The context is made once and reused for every connection. What goes wrong becomes a TlsError with a
cause of a closed list. The code that makes the context, and that which finds the cause, are loaded
when they are needed and dropped behind it (`tls_files`, `tls_causes`).

Dates can only be checked against a clock. While the gateway's is not set, the chip's counts from a
day on which every certificate of `limen ca` is valid (`hal/board.py`): chain and name are checked
all the same.
"""

import gc
from errno import ECONNRESET

from limen.core.late import Borrowed
from limen.core.mqtt import MqttError


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
        try:
            if not self._context:
                with Borrowed():
                    from limen.net.tls_files import load_context

                self._context = load_context()
                del load_context  # the connection is large, and needs its place
            gc.collect()
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
        try:
            with Borrowed():
                from limen.net.tls_causes import cause_of

            cause = cause_of(error, self._clock.is_set)
        except MemoryError:
            cause = "memory"
        return TlsError(cause) if cause else OSError(abs(error.errno))
