"""The TLS context of the gateway, from what is on its flash.

The CA, and the gateway's own certificate and key where it has them, lie there as DER, which every
port reads. Loaded for the first connection, and dropped behind it.
"""

import tls

CA = "/ca.der"
CERTIFICATE = "/client.der"
KEY = "/client.key"


def load_context():
    """The context, with what is on flash. Raises OSError, ValueError, MemoryError."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    try:
        with open(CA, "rb") as file:
            while certificate := _next_der(file):
                context.load_verify_locations(certificate)
        certificate = _content(CERTIFICATE)
        if certificate:
            context.load_cert_chain(certificate, _content(KEY))
    except OSError:
        raise ValueError("invalid file")
    return context


def _next_der(file):
    """The next of several DER structures, each of which begins with its length."""
    head = file.read(4)
    return head and head + file.read(head[2] << 8 | head[3])


def _content(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
