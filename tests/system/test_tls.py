"""TLS of the whole firmware: what is right is let in, each thing that is wrong gets its sentence.

The gateway runs in virtual time; its peer is Python's `ssl`, so OpenSSL, through the virtual LAN.
"""

import datetime
import ssl
from types import SimpleNamespace

import pytest

from console import troubles
from disk import files_on, put_on
from host_tools import authority as authorities
from host_tools import cli
from host_tools.emulation.broker_model import BrokerModel
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.secure import RunAuthority, SecuredConnection
from host_tools.errors import ToolError
from host_tools.gateway_image import gateway_files
from host_tools.image import build_image
from host_tools.model_broker import add_model_broker
from host_tools.paths import FIRMWARE
from host_tools.plan import plan_of_flash, plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.site import load_site
from host_tools.site_secrets import CA
from host_tools.subscriber import ALL_TOPICS
from host_tools.update import NEW, PLAN, Cable, digest, plan_of, replaces_keys
from host_tools.world import Listeners, World

SECOND_US = 1_000_000
HOST = "broker.local"


def plan_with_tls(folder, seed=1):
    text = (EXAMPLES["sdm630"] / "site.toml").read_text()
    site = folder / "site.toml"
    site.write_text(text.replace(f'host = "{HOST}"', f'host = "{HOST}"\ntls = true'))
    (folder / "secrets.toml").write_text((EXAMPLES["sdm630"] / "secrets.toml").read_text())
    plan = plan_of_site(site, None, PressModel(seed), seed)
    plan.override(diag_s=10)
    return plan


def make_world(folder, plan):
    said, exits = [], []
    plan.write_flash(folder / "flash.bin")
    listeners = Listeners(on_console=said.append, on_exit=exits.append)
    world = World(VirtualScheduler(), plan, folder / "flash.bin", listeners)
    return world, said, exits


def sentence(trouble):
    lines = (FIRMWARE / "troubles.txt").read_text().splitlines()
    return dict(line.split("|") for line in lines)[trouble]


def test_records_arrive_over_tls_and_an_outage_loses_nothing(tmp_path):
    world, said, exits = make_world(tmp_path, plan_with_tls(tmp_path))
    broker = add_model_broker(world)
    world.scheduler.at(100 * SECOND_US, broker.stop)
    world.scheduler.at(120 * SECOND_US, broker.start)
    world.board.start()
    world.scheduler.run_until(300 * SECOND_US)
    world.close()
    summary = world.summary(298 * SECOND_US)
    assert exits == []
    assert (summary.account.lost, summary.dropped, summary.errors) == ([], 0, [])
    assert summary.is_good
    assert world.ledger.connections >= 2
    assert len(world.ledger.acknowledged) > 100


class Peers:
    """What the gateway may meet at the broker's port, by the trouble it should have with it."""

    def __init__(self, plan):
        self.own = plan.authority
        self.stranger = RunAuthority(plan.config)

    def context(self, name):
        return getattr(self, name.replace(" ", "_"))()

    def unknown_ca(self):
        return self.stranger.broker_context()

    def self_signed(self):
        """A broker that vouches for itself, as some do out of the box."""
        return self.own.broker_context(self.stranger.authority.identity)

    def wrong_name(self):
        return self.own.broker_context(self.own.authority.issue_server(["other.local"], 2))

    def expired(self):
        return self.own.broker_context(self.own.authority.issue_server(["old.local", HOST], -1))

    def not_yet_valid(self):
        from_now_on = authorities.VALID_FROM
        authorities.VALID_FROM = datetime.datetime(2050, 1, 1, tzinfo=datetime.UTC)
        try:
            identity = self.own.authority.issue_server(["new.local", HOST], 365 * 40)
        finally:
            authorities.VALID_FROM = from_now_on
        return self.own.broker_context(identity)

    def alert(self):
        """A broker that wants the method of another kind of certificate than its own."""
        context = self.own.broker_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-GCM-SHA256")
        return context

    def ended(self):
        """A broker that trusts another authority than the one of the gateway's certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.own.broker.certificate_file, self.own.broker.key_file)
        context.load_verify_locations(self.stranger.trusted_file)
        context.verify_mode = ssl.CERT_REQUIRED
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    def good(self):
        return self.own.broker_context()


class Page:
    """A web server at the broker's port."""

    def __init__(self, connection):
        connection.on_data = lambda data: connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


TOLD = ("unknown ca", "wrong name", "expired", "not yet valid", "alert", "ended", "not tls")


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """One boot that meets one bad peer after the other, then a good one: (what was told, world)."""
    folder = tmp_path_factory.mktemp("tls")
    plan = plan_with_tls(folder)
    peers = Peers(plan)
    world, said, exits = make_world(folder, plan)
    broker = BrokerModel(world.scheduler)
    broker.subscribe(ALL_TOPICS, world.subscriber.feed)
    told = {}
    world.board.start()
    order = ("unknown ca", "self signed", "wrong name", "expired", "not yet valid", "alert")
    for number, name in enumerate((*order, "ended", "plain", "not tls", "good"), start=1):
        serve = {"plain": broker.accept, "not tls": Page}.get(name) or secured(broker, peers, name)
        world.lan.listen(HOST, 8883, serve)
        before = len(said)
        world.scheduler.run_until(number * 200 * SECOND_US)
        told[name] = said[before:]
    world.close()
    assert exits == []
    return told, world


def secured(broker, peers, name):
    """The broker behind TLS as that peer has it."""
    context = peers.context(name)
    return lambda connection: broker.accept(SecuredConnection(connection, context))


@pytest.mark.parametrize("name", TOLD)
def test_each_trouble_is_told_once_in_its_sentence(story, name):
    assert story[0][name] == [f"limen: {HOST}:8883: {sentence('tls: ' + name)}"]


def test_what_is_the_same_trouble_is_not_told_again(story):
    told, _ = story
    assert (told["self signed"], told["plain"], troubles(told["good"])) == ([], [], [])


def test_after_all_that_the_right_broker_is_let_in_and_told_of_it(story):
    _, world = story
    assert world.gateway.online
    counters = world.gateway.diag.counters["mqtt"]
    assert {name for name in counters if name.startswith("tls: ")} == {f"tls: {n}" for n in TOLD}
    assert {birth.trouble for birth in world.gateway.births.values()} == {"tls: not tls"}


def test_without_a_clock_chain_and_name_are_checked_all_the_same(tmp_path):
    plan = plan_with_tls(tmp_path)
    world, said, exits = make_world(tmp_path, plan)
    add_model_broker(world)
    world.lan.answer("pool.ntp.org", 123, lambda request: None)
    world.board.start()
    world.scheduler.run_until(50 * SECOND_US)
    assert world.ledger.connections == 0  # SNTP gets the first minute
    world.scheduler.run_until(90 * SECOND_US)
    assert (troubles(said), exits, world.gateway.online) == ([], [], True)
    peers = Peers(plan)
    broker = BrokerModel(world.scheduler)
    for name, trouble in (("wrong name", "wrong name"), ("not yet valid", "clock not set")):
        world.lan.listen(HOST, 8883, secured(broker, peers, name))
        world.board.restart(1)
        world.scheduler.run_until(world.scheduler.now_us + 100 * SECOND_US)
        assert troubles(said) == [f"limen: {HOST}:8883: {sentence('tls: ' + trouble)}"]
        said.clear()
    world.close()


def test_wrong_new_certificates_give_way_to_those_that_reached_the_broker(tmp_path):
    plan = plan_with_tls(tmp_path)
    world, said, exits = make_world(tmp_path, plan)
    add_model_broker(world)
    world.board.start()
    world.scheduler.run_until(320 * SECOND_US)
    flash = FlashFile(tmp_path / "flash.bin")
    good = plan.authority.gateway_files()
    assert has(flash, good) and has(flash, {f"/good{path}": good[path] for path in good})
    assert troubles(said) == []

    stranger = RunAuthority(plan.config).gateway_files()
    there = {path: digest(content) for path, content in good.items()}
    way = Cable(SimpleNamespace(digests=lambda paths: dict.fromkeys(paths, "is there")))
    order = plan_of(stranger, [], there, way.good_after(replaces_keys(stranger, there)))
    world.board.power_cut()
    put_on(flash, {PLAN: order} | {NEW + path: stranger[path] for path in stranger})
    world.board.start()
    world.scheduler.run_until(500 * SECOND_US)
    assert has(flash, stranger) and has(flash, {f"/good{path}": good[path] for path in good})
    world.scheduler.run_until(700 * SECOND_US)
    world.close()
    assert has(flash, good) and world.gateway.online and exits == []
    assert f"limen: {HOST}:8883: {sentence('tls: unknown ca')}" in said


def has(flash, files):
    there = files_on(flash)
    return all(there[path] == content for path, content in files.items())


@pytest.mark.parametrize(
    ("has_run_well", "there", "good_after"),
    [("is there", "old", "broker"), (None, "old", "minute"), ("is there", None, "minute")],
)
def test_new_keys_have_to_reach_the_broker_where_there_were_good_ones(
    has_run_well, there, good_after
):
    way = Cable(SimpleNamespace(digests=lambda paths: dict.fromkeys(paths, has_run_well)))
    assert way.good_after(replaces_keys({CA: b"new", "/a.mpy": b""}, {CA: there})) == good_after
    assert way.good_after(replaces_keys({"/a.mpy": b""}, {"/a.mpy": "old"})) == "minute"


def test_a_flash_made_before_meets_a_broker_with_the_keys_of_its_site(tmp_path):
    site = plan_with_tls(tmp_path).site
    with pytest.raises(ToolError, match="no certificate authority beside it"):
        gateway_files(load_site(site), "press-07")
    assert cli.main(["ca", "init", "--site", str(site)]) == 0
    assert cli.main(["ca", "issue", "--site", str(site)]) == 0
    flash = tmp_path / "flash.bin"
    FlashFile.create(flash, build_image(gateway_files(load_site(site), "press-07")))
    with pytest.raises(ToolError, match="name its site with --site"):
        plan_of_flash(flash, PressModel(1), 1)
    plan = plan_of_flash(flash, PressModel(1), 1, site)
    world = World(VirtualScheduler(), plan, flash, Listeners())
    add_model_broker(world)
    world.board.start()
    world.scheduler.run_until(40 * SECOND_US)
    world.close()
    assert world.gateway.online
