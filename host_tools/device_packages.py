"""Fetches the packages of device_packages.toml from the index that pip is configured with.

The sources go to `.tools/device_packages/`; those that the chip's image has frozen are compiled
into `.tools/frozen/` too, the emulated board's stand-in for them. A file is taken only with the
sha256 that the manifest names, so the index need not be trusted.
"""

import hashlib
import ssl
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

from pip._internal.commands import create_command
from unearth import Link, PackageFinder
from unearth.fetchers import PyPIClient

from host_tools.bytecode import compile_module
from host_tools.errors import ToolError
from host_tools.paths import PROJECT, TOOLS

MANIFEST = PROJECT / "device_packages.toml"
SOURCES = TOOLS / "device_packages"
FROZEN = TOOLS / "frozen"


def pip_finder() -> PackageFinder:
    """Return a finder that looks where pip would, by its configuration files and environment."""
    options, _ = create_command("download").parse_args([])
    verify = ssl.create_default_context(cafile=options.cert) if options.cert else True
    indexes = [] if options.no_index else [options.index_url, *options.extra_index_urls]
    return PackageFinder(
        PyPIClient(trusted_hosts=options.trusted_hosts, verify=verify, timeout=options.timeout),
        index_urls=indexes,
        find_links=options.find_links,
    )


def fetch(package: dict, finder: PackageFinder) -> bytes:
    """Return the source archive of one manifest entry; ToolError where it cannot be had."""
    requirement = f"{package['name']}=={package['version']}"
    found = finder.find_best_match(requirement).best
    if found is None:
        raise ToolError(
            f"No index that pip is configured with has {requirement}: "
            "see `pip config list` for where it looked."
        )
    archive = _download(found.link, finder)
    digest = hashlib.sha256(archive).hexdigest()
    if digest != package["sha256"]:
        raise ToolError(
            f"{requirement} was refused: its sha256 is {digest}, and {MANIFEST.name} asks for "
            f"{package['sha256']}."
        )
    return archive


def _download(link: Link, finder: PackageFinder) -> bytes:
    if link.is_file:
        return link.file_path.read_bytes()
    response = finder.session.get(link.normalized)
    response.raise_for_status()
    return response.content


def unpack(archive: bytes, modules: list[str], target: Path) -> list[Path]:
    """Write the named modules of a source archive below target and return their paths."""
    with tempfile.TemporaryFile() as file:
        file.write(archive)
        file.seek(0)
        with tarfile.open(fileobj=file) as tar:
            return [_unpack_module(tar, module, target) for module in modules]


def _unpack_module(tar: tarfile.TarFile, module: str, target: Path) -> Path:
    member = next((m for m in tar.getmembers() if m.name.partition("/")[2] == module), None)
    if member is None:
        raise ToolError(f"The archive holds no {module}: correct `modules` in {MANIFEST.name}.")
    path = target / module
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tar.extractfile(member).read())
    return path


def freeze(source: Path) -> Path:
    """Compile an unpacked module into the emulated board's frozen folder; return its path."""
    module = source.relative_to(SOURCES)
    compiled = (FROZEN / module).with_suffix(".mpy")
    compiled.parent.mkdir(parents=True, exist_ok=True)
    compiled.write_bytes(compile_module(source.read_bytes(), module.as_posix()))
    return compiled


def install() -> None:
    """Fetch, check, unpack and compile every package of the manifest."""
    finder = pip_finder()
    for package in tomllib.loads(MANIFEST.read_text())["package"]:
        for source in unpack(fetch(package, finder), package["modules"], SOURCES):
            if package["frozen"]:
                freeze(source)


if __name__ == "__main__":
    try:
        install()
    except ToolError as error:
        sys.exit(str(error))
