"""What the journal takes: heap, flash for each record, and the time until all of it is delivered.

A backlog that does not fit into memory goes through the flash of a 4 MB board. Its rate, which
otherwise leaves the link to live values, is not limited here.
"""

import asyncio

from host_tools.bench.board import configuration, play
from host_tools.bench.network import started
from host_tools.bench.section import Extent, Row
from host_tools.partitions import Layout, layout_of

_LAYOUT = layout_of(4)
_LEAST_PER_S = 5000
_MOST_BYTES = 5
_MOST_MORE_BYTES = 512  # a list of frames grows a little


def measure(extent: Extent) -> list[Row]:
    return asyncio.run(_measure(extent))


async def _measure(extent: Extent) -> list[Row]:
    with started(extent.broker) as broker:
        without = await drain(broker.port, 10, None)
        few = await drain(broker.port, extent.records // 2)
        many = await drain(broker.port, extent.records)
    records = many["acked"]
    return [
        Row(
            "drained from flash, 1 value a record",
            records * 1_000_000 / many["us"],
            "records/s",
            least=_LEAST_PER_S,
        ),
        Row("heap, less what the outbox is smaller by", few["start"] - without["start"], "bytes"),
        Row(
            "heap that twice the backlog takes more",
            many["heap"] - few["heap"],
            "bytes",
            most=_MOST_MORE_BYTES,
        ),
        Row("programmed", many["programmed"] / records, "bytes/record", most=_MOST_BYTES),
        Row("erased", 1000 * many["erased"] / records, "blocks/1,000 records"),
    ]


async def drain(port: int, records: int, layout: Layout | None = _LAYOUT) -> dict:
    """Let a backlog go through the journal to the broker; what the program `backlog` says."""
    order = {"records": records, "channels": 1}
    return await play("backlog", order, configuration(port), layout=layout)
