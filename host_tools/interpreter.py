"""Finds the MicroPython that stands for the chip, and fetches it where the machine has none.

The twin of choice is Debian's i386 package: its objects, small integers and heap blocks are those
of the ESP32, so a heap of 110 KB fills on it as on the chip. It is downloaded with the machine's
own apt and the repository that apt names, its signature checked by apt, in private state folders
that need no root; it is unpacked into `.tools/interpreter` and started through its own dynamic
loader, so that the machine's C library does not matter. A 64-bit `micropython` on PATH is second
best: its objects are twice as large, so it gets twice the heap and heap checks are skipped.
"""

import json
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import ToolError
from host_tools.paths import TOOLS

UNPACKED = TOOLS / "interpreter"
OLDEST_VERSION = (1, 23)

_SUITES = ("trixie", "stable")
_KEYRING_FOLDER = Path("/usr/share/keyrings")
_MACHINES_THAT_RUN_I386 = ("x86_64", "amd64", "i386", "i486", "i586", "i686")
_PROBE = (
    "import sys, json; "
    "print(json.dumps([sys.maxsize > 0x7fffffff, list(sys.implementation[1][:3])]))"
)
_WHAT_TO_INSTALL = (
    "`micropython` 1.23 or later (Debian 13 and Ubuntu: apt install micropython; "
    "macOS: brew install micropython)"
)
_NONE_HERE = (
    "No MicroPython that Limen can use is here: run `make setup`, which fetches one where apt "
    f"can, or install {_WHAT_TO_INSTALL}."
)
_APT_CONFIGURATION = """\
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
#clear APT::Architectures;
APT::Architecture "i386";
APT::Architectures:: "i386";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root";
APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
"""


@dataclass(frozen=True)
class Interpreter:
    """A MicroPython that runs here: `command` starts it, arguments follow."""

    command: list[str]
    word_bits: int
    version: tuple[int, int, int]
    heap_factor: int

    @property
    def is_chip_like(self) -> bool:
        """Whether its heap fills as the chip's does; heap checks mean nothing elsewhere."""
        return self.word_bits == 32

    def heap_option(self, heap_bytes: int) -> list[str]:
        """Return the arguments that give it what heap_bytes are on the chip."""
        return ["-X", f"heapsize={heap_bytes * self.heap_factor}"]

    def __str__(self) -> str:
        return f"MicroPython {'.'.join(map(str, self.version))}, {self.word_bits} bit"


def find() -> Interpreter:
    """Return the best interpreter this machine has; ToolError says what to install."""
    reasons = []
    for command in _candidates():
        found, reason = _probe(command)
        if found:
            return found
        reasons.append(reason)
    raise ToolError(" ".join([*reasons, _NONE_HERE]))


def on_path() -> Interpreter | None:
    """The one on PATH, whatever its word size; None where there is none that can be used."""
    command = shutil.which("micropython")
    return _probe([command])[0] if command else None


def _candidates() -> list[list[str]]:
    commands = [_unpacked_command(UNPACKED)] if UNPACKED.exists() else []
    on_path = shutil.which("micropython")
    return commands + ([[on_path]] if on_path else [])


def _unpacked_command(folder: Path) -> list[str]:
    libraries = folder / "usr/lib/i386-linux-gnu"
    loader, program = libraries / "ld-linux.so.2", folder / "usr/bin/micropython"
    return [str(loader), "--library-path", str(libraries), str(program)]


def _probe(command: list[str]) -> tuple[Interpreter | None, str]:
    """Run the command and ask it who it is; return it, or nothing and the reason."""
    name = command[-1]
    try:
        done = subprocess.run([*command, "-c", _PROBE], capture_output=True, text=True, timeout=20)
        is_wide, version = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None, f"{name} does not run on this machine."
    if tuple(version) < OLDEST_VERSION:
        return None, f"{name} is version {version[0]}.{version[1]}, older than 1.23."
    bits = 64 if is_wide else 32
    return Interpreter(command, bits, tuple(version), bits // 32), ""


def install() -> str:
    """Fetch the 32-bit interpreter where that is possible; return what is used from now on."""
    reason = _cannot_fetch_reason() or _fetch_from_any(_repositories())
    found = find_or_none()
    if found and found.is_chip_like:
        return str(found)
    if found:
        return f"{found} from PATH; heap checks will be skipped ({reason})"
    raise ToolError(
        f"No 32-bit MicroPython could be fetched ({reason}) and none is on PATH: install "
        f"{_WHAT_TO_INSTALL} and run this again."
    )


def find_or_none() -> Interpreter | None:
    """Return the interpreter, or None where the machine has none that can be used."""
    try:
        return find()
    except ToolError:
        return None


def _cannot_fetch_reason() -> str:
    if platform.system() != "Linux" or platform.machine() not in _MACHINES_THAT_RUN_I386:
        return f"{platform.system()} on {platform.machine()} runs no i386 programs"
    missing = [tool for tool in ("apt-get", "dpkg") if not shutil.which(tool)]
    return f"this machine has no {missing[0]}" if missing else ""


def _repositories() -> list[str]:
    """Return the URIs of the package repositories that the machine's apt is configured with."""
    form = "$(CREATED_BY) $(COMPONENT) $(REPO_URI)"
    listed = subprocess.run(
        ["apt-get", "indextargets", "--no-release-info", "--format", form],
        capture_output=True,
        text=True,
    )
    fields = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return list(dict.fromkeys(f[2] for f in fields if f[:2] == ["Packages", "main"]))


def _fetch_from_any(repositories: list[str]) -> str:
    """Try repository after repository; return "" on success, else why the last one failed."""
    reason = "apt names no repository with a main component"
    for suite in _SUITES:
        for uri in repositories:
            reason = _fetch(uri, suite)
            if not reason:
                return ""
    return reason


def _fetch(uri: str, suite: str) -> str:
    """Download and unpack micropython for i386 with all it depends on; return why not, or ""."""
    with tempfile.TemporaryDirectory(prefix="limen-apt-") as name:
        folder = Path(name)
        configuration = _write_apt_configuration(folder, uri, suite)
        for arguments in (["update"], ["--download-only", "install", "micropython"]):
            reason = _apt_get(configuration, arguments)
            if reason:
                return reason
        return _unpack(sorted((folder / "cache/archives").glob("*.deb")), folder / "root")


def _write_apt_configuration(folder: Path, uri: str, suite: str) -> Path:
    for part in ("state/lists/partial", "cache/archives/partial", "root"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    options = " ".join(["arch=i386", "target=Packages", *_signed_by()])
    (folder / "sources.list").write_text(f"deb [{options}] {uri} {suite} main\n")
    configuration = folder / "apt.conf"
    configuration.write_text(_APT_CONFIGURATION.format(folder=folder))
    return configuration


def _signed_by() -> list[str]:
    """Return the option that names Debian's keyring; without one, apt's own trusted keys count."""
    keyrings = sorted(_KEYRING_FOLDER.glob("debian-archive-keyring.*"))
    return [f"signed-by={keyrings[0]}"] if keyrings else []


def _apt_get(configuration: Path, arguments: list[str]) -> str:
    """Run apt-get with the private configuration; return "" or its first error."""
    done = subprocess.run(
        ["apt-get", "-q", "-c", str(configuration), *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"LC_ALL": "C"},
    )
    if done.returncode == 0:
        return ""
    complaints = [line for line in done.stderr.splitlines() if line.startswith("E:")]
    return complaints[0] if complaints else f"E: apt-get {arguments[0]} failed"


def _unpack(archives: list[Path], root: Path) -> str:
    """Unpack the archives, see the interpreter run, and put it in its place; return why not."""
    for archive in archives:
        subprocess.run(["dpkg", "-x", str(archive), str(root)], check=True, capture_output=True)
    found, reason = _probe(_unpacked_command(root))
    if found:
        shutil.rmtree(UNPACKED, ignore_errors=True)
        UNPACKED.parent.mkdir(exist_ok=True)
        shutil.move(root, UNPACKED)
    return reason
