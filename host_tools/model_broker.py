"""The broker of a world in virtual time: the model, behind a tap that keeps the world's ledger."""

from collections.abc import Callable

from host_tools.emulation.broker_model import BrokerModel
from host_tools.emulation.lan import Connection
from host_tools.emulation.secure import SecuredConnection
from host_tools.emulation.tap import Ledger, Listener
from host_tools.site import brokers_of
from host_tools.subscriber import ALL_TOPICS
from host_tools.world import World


def add_model_broker(
    world: World, place: int = 0, through: Callable[[Connection], Connection] = lambda wire: wire
) -> BrokerModel:
    """Virtual time: a broker model on the LAN, seen by the world's subscriber and ledger.

    It is the site's broker at that place. Where the plan has an authority, it is behind TLS. Each
    connection is taken `through` something that may listen to it.
    """
    broker = BrokerModel(world.scheduler)
    broker.subscribe(ALL_TOPICS, world.subscriber.feed)
    host, port = brokers_of(world.plan.config)[place]
    context = world.plan.authority and world.plan.authority.broker_context()

    def accept(connection) -> None:
        connection = through(connection)
        if context:
            connection = SecuredConnection(connection, context)
        broker.accept(_Tapped(connection, world.ledger))

    world.lan.listen(host, port, accept)
    return broker


class _Tapped:
    """A connection of the virtual LAN whose two directions a ledger listens to."""

    def __init__(self, connection: Connection, ledger: Ledger):
        self._connection = connection
        self._listener = Listener(ledger)
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_close: Callable[[], None] = lambda: None
        connection.on_data = self._receive
        connection.on_close = lambda: self.on_close()
        self.close = connection.close

    def send(self, data: bytes) -> None:
        self._listener.to_board(data)
        self._connection.send(data)

    def _receive(self, data: bytes) -> None:
        self._listener.from_board(data)
        self.on_data(data)
