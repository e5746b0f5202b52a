"""TLS in the emulated world: an authority made for one run, and what speaks TLS to the board.

The keys of a real site are not needed: an emulated gateway gets the CA, certificate and key of the
run's own authority, so that what stands for its brokers can show certificates that it trusts. Only
a flash that was made before brings its own, and needs the keys beside its site file. The peers are
Python's `ssl`, which is OpenSSL: independent of the board's mbedTLS.
"""

import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path

from host_tools.authority import Authority, Identity, certificate_der, key_der
from host_tools.emulation.lan import Connection
from host_tools.errors import ToolError
from host_tools.site import brokers_of
from host_tools.site_secrets import CA, CERTIFICATE, KEY, authority_folder, identity_name

_DAYS = 2


class Keys:
    """An authority, and what it issued for a broker and for the gateway."""

    def __init__(self, authority: Authority, broker: Identity, gateway: Identity):
        self.authority, self.broker, self.gateway = authority, broker, gateway

    @property
    def trusted_file(self) -> Path:
        return self.authority.identity.certificate_file

    def broker_context(self, identity: Identity | None = None) -> ssl.SSLContext:
        """For what stands for a broker: it demands a certificate, as Mosquitto does."""
        shown = identity or self.broker
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(shown.certificate_file, shown.key_file)
        context.load_verify_locations(self.trusted_file)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def gateway_context(self) -> ssl.SSLContext:
        """For what speaks to a broker in the gateway's place."""
        context = ssl.create_default_context(cafile=self.trusted_file)
        context.load_cert_chain(self.gateway.certificate_file, self.gateway.key_file)
        return context


class RunAuthority(Keys):
    """An authority with a certificate for all brokers of a configuration, and the gateway's own.

    Its files live as long as this object.
    """

    def __init__(self, compact: dict):
        self._folder = tempfile.TemporaryDirectory(prefix="limen-ca-")
        hosts = dict.fromkeys(host for host, _ in brokers_of(compact))
        authority = Authority.create(Path(self._folder.name), "limen emulation", _DAYS)
        name = identity_name(compact["site"], compact["gateway"])
        super().__init__(
            authority,
            authority.issue_server([*hosts, "127.0.0.1"], _DAYS),
            authority.issue_client(name, _DAYS),
        )

    def gateway_files(self) -> dict[str, bytes]:
        """What lies on the gateway's flash."""
        return {
            CA: certificate_der(self.authority.certificate),
            CERTIFICATE: certificate_der(self.gateway.certificate()),
            KEY: key_der(self.gateway.key()),
        }


def site_keys(site: Path, compact: dict) -> Keys:
    """The keys beside a site file, for a flash that was made from it; ToolError if they miss."""
    authority = Authority(authority_folder(site))
    host, name = brokers_of(compact)[0][0], identity_name(compact["site"], compact["gateway"])
    keys = Keys(authority, authority.identity_of(host), authority.identity_of(name))
    if not keys.broker.exists:
        raise ToolError(f"The broker {host} has no certificate: `limen ca issue` makes one.", 2)
    return keys


class SecuredConnection:
    """A connection of the virtual LAN, seen through TLS by the server at its end."""

    def __init__(self, connection: Connection, context: ssl.SSLContext):
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_close: Callable[[], None] = lambda: None
        self._connection = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._is_open = False
        connection.on_data = self._receive
        connection.on_close = lambda: self.on_close()

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self._pass_on()

    def close(self) -> None:
        self._connection.close()

    def _pass_on(self) -> None:
        if self._outgoing.pending:
            self._connection.send(self._outgoing.read())

    def _has_more(self) -> bool:
        return self._incoming.pending or self._tls.pending()

    def _receive(self, data: bytes) -> None:
        self._incoming.write(data)
        try:
            if not self._is_open:
                self._tls.do_handshake()
                self._is_open = True
            self._pass_on()
            while self._has_more() and (received := self._tls.read(65536)):
                self.on_data(received)
        except ssl.SSLWantReadError:
            self._pass_on()
        except ssl.SSLError:
            self._pass_on()
            self.close()
