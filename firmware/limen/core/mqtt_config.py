"""The part of a site file about its brokers, from what people write to what a gateway stores.

Brokers come in order of preference. A gateway is told of TLS, and of further brokers, only where
there are any.
"""

from limen.core.dialects_config import FIELDS as _DIALECTS
from limen.core.schema import (
    boolean,
    duration_s,
    host_and_port,
    integer,
    optional,
    required,
    text,
)
from limen.core.units import Mistake

_PORT = 1883
_TLS_PORT = 8883
_SECURE = ("mqtts", "ssl", "tls", "wss")


def _secret(_):
    raise Mistake("does not belong in the site file; write it in secrets.toml beside it")


def _host(value):
    """[host, port or None] of a broker."""
    try:
        return host_and_port(value, None)
    except Mistake as mistake:
        if isinstance(value, str) and value.partition("://")[0] in _SECURE:
            raise Mistake("%s, and tls = true" % mistake) from None
        raise


def _brokers(value):
    """A list of [host, port or None]."""
    if isinstance(value, list) and value:
        return [_host(entry) for entry in value]
    raise Mistake('must be a list such as ["broker-1.local", "broker-2.local:8884"]')


def _broker(value):
    return [_host(value)]


def _beside_hosts(_):
    raise Mistake("cannot stand beside hosts; write all brokers there")


_FIELDS = {
    "host": required(_broker, 'host = "broker.local"'),
    "hosts": optional(_brokers),
    "port": optional(integer(1, 65535)),
    "tls": optional(boolean, False),
    "ca": optional(text),
    "user": optional(_secret),
    "password": optional(_secret),
    "certificate": optional(_secret),
    "key": optional(_secret),
    "keepalive": optional(duration_s(5, 3600), 30),
    "batch_bytes": optional(integer(256, 4096), 1400),
    "in_flight": optional(integer(1, 64), 8),
    "last_every": optional(duration_s(1, 86400)),
}
_FIELDS.update(_DIALECTS)


def read_mqtt(spot, part):
    """{key: value} of the table [mqtt], with "brokers", a list of [host, port], empty if wrong."""
    fields = dict(_FIELDS)
    if "hosts" in part:
        fields["host"] = optional(_beside_hosts)
    values = spot.read_table(part, fields)
    if values["ca"] and not values["tls"]:
        spot.at("ca").report("is of no use without TLS; write tls = true")
    port = values["port"] or (_TLS_PORT if values["tls"] else _PORT)
    values["brokers"] = brokers = values["host"] or values["hosts"] or []
    for broker in brokers:
        broker[1] = broker[1] or port
    return values


def compact_mqtt(values):
    """What a gateway is told of them."""
    brokers = values["brokers"]
    compact = {
        "host": brokers[0][0],
        "port": brokers[0][1],
        "keepalive_s": values["keepalive"],
        "batch_bytes": values["batch_bytes"],
        "in_flight": values["in_flight"],
    }
    if values["last_every"]:
        compact["last_s"] = values["last_every"]
    if len(brokers) > 1:
        compact["more"] = brokers[1:]
    if values["tls"]:
        compact["tls"] = True
    return compact
