"""What is to be emulated: a gateway's configuration, its flash, and what its meters measure.

A plan is made from a site file, from an example world, or from a flash file as it is.
"""

import copy
from dataclasses import dataclass, field
from pathlib import Path

from littlefs import LittleFSError

from host_tools.board import load_board
from host_tools.bus_trace import Exchange
from host_tools.emulation.board import HEAP_BYTES, PSRAM_HEAP_BYTES
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.model import Pace
from host_tools.emulation.outputs import Outputs
from host_tools.emulation.secure import Keys, RunAuthority, site_keys
from host_tools.emulation.signals import Constant, Signals
from host_tools.errors import ToolError
from host_tools.example_world import ExampleWorld
from host_tools.fault_plan import PlannedFault
from host_tools.gateway_image import (
    BIRTH,
    CONFIGURATION,
    configuration_files,
    gateway_files,
    stored_configuration,
)
from host_tools.image import build_image, read_file
from host_tools.partitions import layout_of
from host_tools.shop_plan import Shop
from host_tools.site import Site, load_site, sealed, site_file
from host_tools.site_secrets import EMULATED, secrets_or
from host_tools.wiring import require_one_line

_FLASH_MB = 4


@dataclass
class Plan:
    """What is to be emulated; `files` is what lies on the board's flash when it is new, `site` the
    file that it was made from, `faults` what will happen to the meters, `authority` what vouches
    for brokers and gateway where they use TLS, `trace` what its Modbus line plays in place of
    meters, `outputs` what models of loads know of the outputs, `heap` what the board has for
    the firmware.
    """

    config: dict
    files: dict[str, bytes]
    signals: Signals
    seed: int = 0
    site: Path | None = None
    faults: list[PlannedFault] = field(default_factory=list)
    shop: Shop = field(default_factory=Shop)
    authority: Keys | None = None
    trace: list[Exchange] | None = None
    outputs: Outputs = field(default_factory=Outputs)
    heap: int = HEAP_BYTES

    @property
    def gateway(self) -> str:
        return f"{self.config['site']}/{self.config['gateway']}"

    def write_flash(self, path: Path) -> None:
        """Make the flash of a new board."""
        layout = layout_of(_FLASH_MB)
        FlashFile.create(path, build_image(self.files, layout.vfs_bytes), layout)

    def override(
        self,
        every_ms: int | None = None,
        diag_s: int | None = None,
        keepalive_s: int | None = None,
    ) -> None:
        """Give all channels, the diagnostics or the pings another period than the site says."""
        config = copy.deepcopy({key: part for key, part in self.config.items() if key != "hash"})
        if every_ms:
            for device in config["device"]:
                for channel in device["channel"]:
                    channel["every_ms"] = every_ms
        if diag_s:
            config["diag_s"] = diag_s
        if keepalive_s:
            config["mqtt"]["keepalive_s"] = keepalive_s
        self.config = sealed(config)
        self.files = self.files | configuration_files(self.config)


def plan_of_site(
    path: Path,
    gateway: str | None,
    signals: Signals,
    seed: int,
    trace: list[Exchange] | None = None,
) -> Plan:
    """The plan for a gateway of a site file, its only one where none is named."""
    site = load_site(path)
    return plan_of_gateway(site, gateway_of(site, gateway), signals, seed, trace)


def gateway_of(site: Site, gateway: str | None) -> str:
    """The gateway that is meant: the site's only one where none is named."""
    names = site.gateways
    if gateway is None and len(names) > 1:
        raise ToolError(f"The site has several gateways: --gateway {' or '.join(names)}.", 2)
    return gateway or (names[0] if names else "")


def plan_of_gateway(
    site: Site, name: str, signals: Signals, seed: int, trace: list[Exchange] | None = None
) -> Plan:
    """The plan for a gateway of a site."""
    config = site.compile(name)
    if trace is not None:
        require_one_line(config)
    authority = RunAuthority(config) if "tls" in config["mqtt"] else None
    keys = authority.gateway_files() if authority else {}
    files = gateway_files(site, name, keys, secrets_or(site, EMULATED))
    board = load_board(site.file.data["gateway"][name]["board"])
    heap = PSRAM_HEAP_BYTES if board["psram_mb"] else HEAP_BYTES
    return Plan(
        config, files, signals, seed, site.file.path, authority=authority, trace=trace, heap=heap
    )


def plan_of_world(world: ExampleWorld, gateway: str | None, seed: int, pace: Pace) -> Plan:
    """The plan for an example world, whose loads its outputs switch."""
    plan = plan_of_site(world.site, gateway, Constant(), seed)
    pins = {
        one["id"]: one["pin"] for one in plan.config["device"] if one.get("driver") == "digital_out"
    }
    plan.outputs = Outputs(pins)
    plan.signals = world.signals(seed, plan.outputs, pace)
    return plan


def plan_of_flash(flash: Path, signals: Signals, seed: int, site: Path | None = None) -> Plan:
    """The plan for a board that boots a flash file as it is: its configuration is in the file.

    Where that asks for TLS, the broker's key is found beside the site file.
    """
    try:
        content = flash.read_bytes()
        files = [read_file(content, name) for name in (CONFIGURATION, BIRTH)]
        config = stored_configuration(*files)
    except OSError as error:
        raise ToolError(f"The flash file cannot be read: {error}.", 2) from None
    except (LittleFSError, ValueError, LookupError) as error:
        raise ToolError(
            f"{flash} holds no gateway ({error}): write one into it with `limen flash`.", 2
        ) from None
    if "tls" not in config["mqtt"]:
        return Plan(config, {}, signals, seed)
    if site is None:
        raise ToolError("This gateway asks for TLS: name its site with --site, for the keys.", 2)
    return Plan(config, {}, signals, seed, authority=site_keys(site_file(site), config))
