"""Makes one TLS connection, and lets the C library say after each step what it has handed out.

Arguments: the port, and the folder with CA, certificate and key.
"""

import socket
import sys

import ffi
import tls

_statistics = ffi.open("libc.so.6").func("v", "malloc_stats", "")


def tell(step):
    sys.stderr.write("step " + step + "\n")
    _statistics()


def content(name):
    with open(sys.argv[2] + name, "rb") as file:
        return file.read()


tell("before")
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
context.verify_mode = tls.CERT_REQUIRED
context.load_verify_locations(content("/ca.der"))
context.load_cert_chain(content("/client.der"), content("/client.key"))
tell("context")
connection = socket.socket()
connection.connect(socket.getaddrinfo("127.0.0.1", int(sys.argv[1]))[0][-1])
connection.setblocking(False)
secured = context.wrap_socket(
    connection, server_hostname="127.0.0.1", do_handshake_on_connect=False
)
tell("handshake")
while secured.write(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04heap") is None:
    tell("handshake")
tell("connected")
