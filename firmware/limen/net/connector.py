"""Begins TCP connections without waiting for them, and remembers where a host was found."""

import socket
from errno import EINPROGRESS

from limen.core.compat import const

_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)


class Connector:
    """Leads to one host at a time, which is looked up again only after it failed: whoever gets an
    answer over a connection sets `answered`."""

    def __init__(self):
        self._host = self._address = None
        self.answered = False

    def connect(self, host, port):
        """Return a socket that never blocks, on its way to the host. Raises OSError; a refusal may
        show only at the first exchange."""
        family, kind, protocol, _, address = self._resolve(host, port)
        self.answered = False
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            connection.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
        except OSError:
            pass  # an option the port does not know: packets then may wait for each other
        try:
            connection.connect(address)
        except OSError as error:
            if error.errno != EINPROGRESS:
                connection.close()
                raise
        return connection

    def _resolve(self, host, port):
        """Return the address that answered last, else look it up; the lookup blocks on the chip."""
        if self._host != (host, port):
            self._host = (host, port)
            self._address = None
        if not self.answered or not self._address:
            try:
                self._address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
            except OSError:
                if not self._address:
                    raise
        return self._address
