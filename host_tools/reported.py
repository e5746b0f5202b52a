"""What a gateway reports of itself: its birth, which the broker keeps."""

import json
import queue

from host_tools.client.connection import Address, Connection
from host_tools.contract import ROOT, ContractError, parse
from host_tools.errors import Kind, ToolError


def read_birth(address: Address, gateway: str, wait_s: float) -> dict:
    """The birth of "site/gateway" as it was sent; ToolError where there is none in time."""
    letters: queue.Queue = queue.Queue()
    topic = f"{ROOT}/{gateway}/birth"
    connection = Connection(address, None, [topic], letters.put, lambda: None)
    connection.open()
    try:
        letter = letters.get(timeout=wait_s)
        parse(letter.topic, letter.payload)
        return json.loads(letter.payload)
    except queue.Empty:
        reason = connection.problem or f"{address} knows no birth of {gateway}: it never was there"
        raise ToolError(f"{reason}.", Kind.NETWORK) from None
    except ContractError as error:
        raise ToolError(f"The birth of {gateway} at {address} cannot be read: {error}.") from None
    finally:
        connection.close()
