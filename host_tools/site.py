"""Site files: from the TOML that people write to the configuration that a gateway stores.

`limen.core.config` is the validator; here its problems get their lines, profiles and boards are
loaded for it, and the result gets its hash. What is secret lies beside it (`site_secrets`).
"""

import copy
import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from host_tools.board import board_names, load_board
from host_tools.errors import ToolError
from host_tools.line_load import check_loads
from host_tools.profile import compile_profile, profile_files
from host_tools.toml_file import TomlError, TomlFile, read_toml
from host_tools.zones import read_zone
from limen.core.config import check
from limen.core.schema import Spot, suggestion


class SiteError(TomlError):
    """Everything that is wrong in a site file or its secrets."""


@dataclass
class Site:
    """A site file that is TOML; whether it is right, `compile` tells."""

    file: TomlFile
    _checked: dict[str, tuple] = field(default_factory=dict, repr=False, compare=False)

    @property
    def gateways(self) -> list[str]:
        """The names of its gateways, in the order of the file."""
        gateways = self.file.data.get("gateway")
        return list(gateways) if isinstance(gateways, dict) else []

    def compile(self, gateway: str) -> dict:
        """The compact configuration of a gateway, hash included; SiteError if anything is wrong."""
        if self.gateways and gateway not in self.gateways:
            hint = suggestion(gateway, self.gateways)
            raise ToolError(f'{self.file.path} has no gateway "{gateway}"{hint}', status=2)
        compact, problems = self._check(gateway)
        _, wrong = self._profiles
        if problems or wrong:
            raise SiteError(self.file.describe(problems) + wrong)
        return sealed(copy.deepcopy(compact))

    def compile_all(self) -> dict[str, dict]:
        """The configurations of all gateways; SiteError with the problems of all of them."""
        names = self.gateways or [""]
        problems = [problem for name in names for problem in self._check(name)[1]]
        _, wrong = self._profiles
        if problems or wrong:
            raise SiteError(self.file.describe(problems) + wrong)
        return {name: self.compile(name) for name in names}

    @cached_property
    def _profiles(self) -> tuple[dict, list[str]]:
        """name → facts, None of those that the file does not use, False of wrong ones; and what
        is wrong in these, a line each."""
        files = profile_files(Path(self.file.path).parent / "profiles")
        profiles, wrong = dict.fromkeys(files), []
        for name in sorted(self._used("profile") & set(files)):
            try:
                profiles[name] = compile_profile(files[name])
            except TomlError as error:
                profiles[name] = False
                wrong += error.problems
        return profiles, wrong

    def _check(self, gateway: str) -> tuple[dict | None, list]:
        """The configuration, which others may change a copy of, and what is wrong."""
        if gateway not in self._checked:
            self._checked[gateway] = self._check_anew(gateway)
        return self._checked[gateway]

    def _check_anew(self, gateway: str) -> tuple[dict | None, list]:
        profiles, _ = self._profiles
        boards = dict.fromkeys(board_names())
        for name in self._used("board") & set(boards):
            boards[name] = load_board(name)
        compact, problems = check(self.file.data, gateway, profiles, boards)
        zone = read_zone(Spot(problems, ("site", "timezone")), self._timezone())
        if compact:
            for function in compact.get("function", []):
                function["zone"] = zone or [0]
            check_loads(Spot(problems, ("gateway", gateway, "bus")), compact)
        return compact, problems

    def _timezone(self):
        place = self.file.data.get("site")
        return place.get("timezone") if isinstance(place, dict) else None

    def _used(self, key: str) -> set[str]:
        """The names of the profiles or boards that the file mentions, right or wrong."""
        return {
            str(self._value(keys))
            for keys in self.file.lines
            if keys[:1] + keys[-1:] == ("gateway", key)
        }

    def _value(self, keys):
        value = self.file.data
        for key in keys:
            value = value[key]
        return value


def load_site(path: Path | str) -> Site:
    """Read a site file, named by itself or by its folder; TomlError where it is not TOML,
    ToolError where it is not there."""
    return Site(read_toml(site_file(path)))


def site_file(path: Path | str) -> Path:
    """The site file that a path names: itself, or the one in its folder."""
    path = Path(path)
    return path / "site.toml" if path.is_dir() else path


def compile_gateway(path: Path | str, gateway: str) -> dict:
    """The compact configuration of one gateway of a site file."""
    return load_site(path).compile(gateway)


def sealed(compact: dict) -> dict:
    """A configuration that has no hash yet, with its hash."""
    return compact | {"hash": hashlib.sha256(config_json(compact)).hexdigest()[:8]}


def config_json(compact: dict) -> bytes:
    """The canonical bytes of a configuration: what is hashed, and what lies on the gateway."""
    return json.dumps(compact, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def address_text(compact: dict, device: dict) -> str:
    """The address of a device in a compact configuration, of one on I²C as data sheets print it."""
    is_i2c = compact["bus"][device["bus"]]["kind"] == "i2c"
    return f"{device['address']:#04x}" if is_i2c else str(device["address"])


def brokers_of(compact: dict) -> list[tuple[str, int]]:
    """(host, port) of the brokers in a compact configuration, in order of preference."""
    options = compact["mqtt"]
    return [(options["host"], options["port"]), *map(tuple, options.get("more", []))]
