"""Device packages: found where pip would look, refused when they are not the ones expected."""

import hashlib
import io
import tarfile

import pytest

from host_tools import device_packages
from host_tools.errors import ToolError

SOURCE = b"ANSWER = 42\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Give a manifest entry for a package that a folder on this machine offers to pip."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("micropython-answer-1.2/answer/deep.py")
        member.size = len(SOURCE)
        tar.addfile(member, io.BytesIO(SOURCE))
    (tmp_path / "micropython-answer-1.2.tar.gz").write_bytes(archive.getvalue())
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return {
        "name": "micropython-answer",
        "version": "1.2",
        "sha256": hashlib.sha256(archive.getvalue()).hexdigest(),
        "modules": ["answer/deep.py"],
    }


def test_a_package_comes_from_where_pip_is_told_to_look(package, tmp_path):
    archive = device_packages.fetch(package, device_packages.pip_finder())
    (path,) = device_packages.unpack(archive, package["modules"], tmp_path / "out")
    assert path == tmp_path / "out/answer/deep.py"
    assert path.read_bytes() == SOURCE


def test_another_archive_than_the_manifest_s_is_refused(package):
    package["sha256"] = "0" * 64
    with pytest.raises(ToolError, match="micropython-answer==1.2 was refused: its sha256 is"):
        device_packages.fetch(package, device_packages.pip_finder())


def test_a_version_that_no_index_has_is_named(package):
    package["version"] = "9.9"
    with pytest.raises(ToolError, match="has micropython-answer==9.9: see `pip config list`"):
        device_packages.fetch(package, device_packages.pip_finder())


def test_a_module_that_the_archive_lacks_is_named(package, tmp_path):
    archive = device_packages.fetch(package, device_packages.pip_finder())
    with pytest.raises(ToolError, match=r"holds no answer/other\.py"):
        device_packages.unpack(archive, ["answer/other.py"], tmp_path)


def test_indexes_are_those_of_pip(monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "https://one.invalid/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://two.invalid/a https://two.invalid/b")
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    sources = device_packages.pip_finder().sources
    assert [source["url"] for source in sources if source["type"] == "index"] == [
        "https://one.invalid/simple",
        "https://two.invalid/a",
        "https://two.invalid/b",
    ]
