"""Publishes one record a message with umqtt.simple, as most programs do; says how long it takes.

/bench.json has the number of messages, host, port, topic and payload.
"""

import json
import sys
from time import ticks_diff, ticks_us

from umqtt.simple import MQTTClient


class Ssl:
    """What umqtt.simple 1.3 looks for, as older images had it; certificates are checked here."""

    def __init__(self, context):
        self.wrap_socket = context.wrap_socket


def client_of(order):
    if "tls" not in order:
        return MQTTClient("bench-umqtt", order["host"], order["port"])
    from limen.net.tls_files import load_context

    sys.modules["ussl"] = sys.modules["ssl"] = Ssl(load_context())
    options = {"server_hostname": order["host"]}
    return MQTTClient("bench-umqtt", order["host"], order["port"], ssl=True, ssl_params=options)


def publish(order):
    """Publish what is ordered, after connecting; return the time and how many have arrived."""
    client = client_of(order)
    client.connect()
    topic = order["topic"].encode()
    payload = order["payload"].encode()
    began_us = ticks_us()
    for _ in range(order["messages"]):
        client.publish(topic, payload, qos=1)
    took_us = ticks_diff(ticks_us(), began_us)
    client.disconnect()
    return {"us": took_us, "acked": client.pid}


with open("/bench.json") as file:
    order = json.load(file)
print(json.dumps(publish(order)))
