"""Which modules a gateway gets: those that its site needs."""

from host_tools.gateway_image import gateway_files
from host_tools.image import build_image, firmware_files
from host_tools.linker.needed import needed_modules
from host_tools.partitions import layout_of
from host_tools.paths import PROJECT
from host_tools.site import load_site

MODULES = {
    "main": "from limen import main\nmain()",
    "boot": "",
    "limen": "def main():\n    from limen.net_tls import Tls",
    "limen.net_tls": "import tls",
    "limen.drivers_modbus_rtu": "from limen.core_frames import crc",
    "limen.core_frames": "",
    "limen.drivers_modbus_device": "from limen import core_numbers",
    "limen.core_numbers": "",
    "limen.drivers_bme280": "",
    "limen.functions_energy": "",
    "limen.commands_write": "",
}
MODBUS = {"bus": [{"kind": "modbus-rtu"}], "device": [{"id": "m"}]}
SENSOR = {"bus": [{"kind": "i2c"}], "device": [{"id": "s", "driver": "bme280"}]}
ENERGY = {"bus": [], "device": [], "function": [{"function": "energy"}]}


def missing(*gateways):
    return {
        name.removeprefix("limen.") for name in set(MODULES) - needed_modules(MODULES, gateways)
    }


def test_what_is_imported_and_what_the_configuration_names_is_needed():
    assert missing(MODBUS) == {"drivers_bme280", "functions_energy"}
    others = {"drivers_modbus_rtu", "core_frames", "drivers_modbus_device", "core_numbers"}
    assert missing(SENSOR) == {"functions_energy", *others}
    assert missing(ENERGY) == {"drivers_bme280", *others}


def test_all_gateways_of_a_site_get_the_same():
    assert missing(MODBUS, SENSOR, ENERGY) == set()


def test_commands_may_be_asked_of_any_gateway():
    assert "commands_write" not in missing(ENERGY)


def test_a_site_has_room_for_an_update_in_the_smallest_file_system():
    site = load_site(PROJECT / "examples/press/site.toml")
    files = gateway_files(site, "press-07")
    assert len(files) < len(firmware_files())
    largest = max(map(len, files.values()))
    beside = {f"/new{path}": content for path, content in files.items() if len(content) > 2000}
    build_image(files | beside | {"/spare": bytes(largest)}, layout_of(4).vfs_bytes)
