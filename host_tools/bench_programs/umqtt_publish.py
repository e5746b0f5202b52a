"""Publishes one record a message with umqtt.simple, as most programs do; says how long it takes.

/bench.json has the number of messages, host, port, topic and payload.
"""

import json
from time import ticks_diff, ticks_us

from umqtt.simple import MQTTClient


def publish(order):
    """Publish what is ordered, after connecting; return the time and how many have arrived."""
    client = MQTTClient("bench-umqtt", order["host"], order["port"])
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
