"""Publishes one record a message with mqtt_as, each once the one before has been acknowledged.

/bench.json has the number of messages, host, port, topic and payload.
"""

import asyncio
import json
from time import ticks_diff, ticks_us

from mqtt_as import MQTTClient, config


async def publish(order):
    """Publish what is ordered, after connecting; return the time and how many have arrived."""
    config.update(
        {"client_id": "bench-mqtt-as", "server": order["host"], "port": order["port"], "ssid": "",
         "wifi_pw": ""}
    )  # fmt: skip
    client = MQTTClient(config)
    await client.connect(quick=True)
    topic = order["topic"].encode()
    payload = order["payload"].encode()
    began_us = ticks_us()
    for _ in range(order["messages"]):
        await client.publish(topic, payload, qos=1)
    return {"us": ticks_diff(ticks_us(), began_us), "acked": order["messages"]}


with open("/bench.json") as file:
    order = json.load(file)
print(json.dumps(asyncio.run(publish(order))))
