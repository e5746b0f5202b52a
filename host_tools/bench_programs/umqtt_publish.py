"""Publishes one record a message with umqtt.simple, as most programs do; says how long it takes.

/bench.json has the number of messages, host, port, topic and payload.
"""

import json
from time import ticks_diff, ticks_us

from umqtt.simple import MQTTClient

with open("/bench.json") as file:
    order = json.load(file)
client = MQTTClient("bench-umqtt", order["host"], order["port"])
client.connect()
topic = order["topic"].encode()
payload = order["payload"].encode()
began_us = ticks_us()
for _ in range(order["messages"]):
    client.publish(topic, payload, qos=1)
took_us = ticks_diff(ticks_us(), began_us)
client.disconnect()
print(json.dumps({"us": took_us, "acked": client.pid}))
