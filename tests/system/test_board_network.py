"""The emulated board on its network in virtual time; a seed makes a run."""

from host_tools.emulation.lan import Lan
from host_tools.emulation.scheduler import VirtualScheduler
from small_board import JOIN, VirtualRun


def echo(connection):
    connection.on_data = connection.send


def network_run(folder, program, **servers):
    scheduler = VirtualScheduler()
    lan = Lan(scheduler)
    for name, accept in servers.items():
        lan.listen(f"{name}.local", 7, accept)
    lan.answer("time.local", 123, lambda data: data[::-1])
    return VirtualRun(folder, JOIN + program, scheduler=scheduler, lan=lan), lan


CONNECT = """
import errno, select, socket

def connect(name, port):
    s = socket.socket()
    s.setblocking(False)
    try:
        s.connect(socket.getaddrinfo(name, port)[0][-1])
    except OSError as error:
        print(errno.errorcode[error.errno])
    poller = select.poll()
    poller.register(s, select.POLLOUT)
    print([event for _, event in poller.poll(1000)])
    return s

"""


def test_tcp_waits_where_there_is_nothing_to_read_or_no_room(tmp_path):
    program = """
s = connect("echo.local", 7)
print(s.read(10))
print(s.write(bytes(8000)), s.write(b"x"))
s.setblocking(True)
print(len(s.read(5744)), s.write(b"end"), s.read(3))
"""
    run, _ = network_run(tmp_path, CONNECT + program, echo=echo)
    with run:
        assert run.run_for(5) == ["EINPROGRESS", "[4]", "None", "5744 None", "5744 3 b'end'"]


def test_tcp_refuses_where_nothing_listens(tmp_path):
    program = """
s = connect("echo.local", 8)
try:
    s.write(b"x")
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    run, _ = network_run(tmp_path, CONNECT + program, echo=echo)
    with run:
        assert run.run_for(5) == ["EINPROGRESS", "[4]", "ECONNREFUSED"]


def test_tcp_ends_and_resets(tmp_path):
    program = """
s = connect("closer.local", 7)
s.setblocking(True)
print(s.read(100), s.read(1))
s.write(b"x")
time.sleep(1)
try:
    s.read(1)
except OSError as error:
    print(errno.errorcode[error.errno])
"""

    def close(connection):
        connection.send(b"bye")
        connection.close()

    run, _ = network_run(tmp_path, CONNECT + program, closer=close)
    with run:
        assert run.run_for(5) == ["EINPROGRESS", "[4]", "b'bye' b''", "ECONNRESET"]


def test_udp_and_names(tmp_path):
    program = """
import socket
address = socket.getaddrinfo("time.local", 123, 0, socket.SOCK_DGRAM)[0][-1]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.sendto(b"abc", address)
print(s.recvfrom(10)[0])
try:
    socket.getaddrinfo("nobody.local", 1)
except OSError as error:
    print(error.errno)
"""
    run, _ = network_run(tmp_path, program)
    with run:
        assert run.run_for(5) == ["b'cba'", "-2"]


def test_tcp_outlives_a_short_cut_of_the_network(tmp_path):
    program = """
import socket
s = socket.socket()
s.connect(socket.getaddrinfo("echo.local", 7)[0][-1])
time.sleep(4)
s.write(b"late")
print(s.read(4), time.ticks_ms() > 10000)
"""
    run, lan = network_run(tmp_path, program, echo=echo)
    run.scheduler.at(3_000_000, lan.cut)
    run.scheduler.at(11_000_000, lan.restore)
    with run:
        assert run.run_for(12) == ["b'late' True"]


def test_wifi_comes_back_by_itself(tmp_path):
    program = """
for _ in range(3):
    print(wlan.isconnected(), wlan.status())
    time.sleep(2)
"""
    run, _ = network_run(tmp_path, program)
    with run:
        run.scheduler.at(2_500_000, lambda: run.board.wifi(False))
        run.scheduler.at(3_500_000, lambda: run.board.wifi(True))
        assert run.run_for(8) == ["True 1010", "False 1001", "True 1010"]


NOISY = (
    JOIN
    + """
import machine, random, os, asyncio, socket

async def talk(n):
    reader, writer = await asyncio.open_connection("echo.local", 7)
    for _ in range(5):
        await asyncio.sleep_ms(random.randrange(100))
        writer.write(os.urandom(3 + n))
        await writer.drain()
        print(n, time.ticks_us(), await reader.read(50))

async def main():
    await asyncio.gather(*[talk(n) for n in range(4)])

asyncio.run(main())
"""
)


def transcript(folder, seed):
    folder.mkdir()
    scheduler = VirtualScheduler()
    lan = Lan(scheduler)
    lan.listen("echo.local", 7, echo)
    with VirtualRun(folder, NOISY, scheduler=scheduler, lan=lan, seed=seed) as run:
        return run.run_for(10)


def test_the_same_seed_gives_the_same_run(tmp_path):
    first = transcript(tmp_path / "first", 7)
    assert len(first) == 20
    assert transcript(tmp_path / "again", 7) == first
    assert transcript(tmp_path / "other", 8) != first
