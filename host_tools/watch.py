"""Watches a gateway after it was flashed, at its serial port and at its broker, until it is online
or its trouble is known.
"""

import ssl
import time

from host_tools.authority import Authority
from host_tools.broker_config import services
from host_tools.client import Address, Client
from host_tools.console import Words
from host_tools.errors import Kind, ToolError
from host_tools.first_words import FirstWords
from host_tools.image import linked_firmware
from host_tools.serial_port import LOST, open_port
from host_tools.site import Site, brokers_of
from host_tools.site_secrets import authority_folder, load_secrets, trusted_file

_BAUD = 115200
_LOOK_S = 0.1


def watch(
    site: Site, gateway: str, port: str, broker: tuple[str, int] | None, patience_s: float
) -> None:
    """Print what it says; ToolError of kind GATEWAY if it is not well in the end.

    `broker` is where the site's first broker is reached from here, if not under its own name.
    """
    config = site.compile(gateway)
    print(f"Watching {gateway} at {port}; Ctrl-C leaves it alone.", flush=True)
    words = FirstWords(config, time.monotonic(), _say)
    with open_port(port, baudrate=_BAUD, timeout=0) as line:
        with _client(site, config, broker) as client:
            try:
                _listen(words, line, client, patience_s)
            except LOST as error:
                sentence = f"The connection to {port} was lost ({error}); all was written before."
                raise ToolError(sentence, Kind.PORT) from error
            unseen = client.problem
    if problem := words.problem():
        raise ToolError(f"{gateway} has all that it needs. {problem}", Kind.GATEWAY)
    _say(f"{gateway} is online.")
    for told in words.story():
        _say(told)
    if unseen:
        name = f"{config['site']}/{gateway}"
        _say(f"Its values cannot be seen from here: {unseen}. Where they can: limen tail {name}")


def _listen(words: FirstWords, line, client: Client, patience_s: float) -> None:
    console = Words(linked_firmware())
    begun = ""
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s and not words.is_settled(time.monotonic()):
        *lines, begun = (begun + console.read(line.read(line.in_waiting))).split("\n")
        for text in lines:
            words.hear_line(text.rstrip("\r"), time.monotonic())
        words.has_broker = client.is_connected
        for batch in client.batches(_LOOK_S):
            for item in batch:
                words.hear_item(item, time.monotonic())


def _client(site: Site, config: dict, broker: tuple[str, int] | None) -> Client:
    """A visitor at the gateway's broker, with the gateway's user and password; with TLS it comes
    with the certificate of a service, as gateways may not read."""
    login = load_secrets(site).stored["mqtt"]
    host, port = broker or brokers_of(config)[0]
    tls = _tls(site, config) if "tls" in config["mqtt"] else None
    address = Address(host, port, login["user"], login["password"], tls)
    return Client(address, gateways=f"{config['site']}/{config['gateway']}")


def _tls(site: Site, config: dict) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trusted_file(site))
    folder = authority_folder(site.file.path)
    if folder.exists():
        authority = Authority(folder)
        for name in services(authority, site.compile_all())[:1]:
            own = authority.identity_of(name)
            context.load_cert_chain(own.certificate_file, own.key_file)
    return context


def _say(sentence: str) -> None:
    print(sentence, flush=True)
