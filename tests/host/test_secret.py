import getpass
import io
import sys

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked, PasswordDeleteError

from host_tools.cli import main
from host_tools.site import SiteError, load_site
from host_tools.site_secrets import load_secrets

SITE = '[site]\nid = "hall-2"\n'
SECRETS = """\
[[wifi]]
ssid = "hall 2"

[[wifi]]
ssid = "yard"
password = "in-the-file"

[mqtt]
user = "press-07"
"""


class Memory(KeyringBackend):
    priority = 1

    def __init__(self):
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("Password not found")


class Locked(Memory):
    def get_password(self, service, username):
        raise KeyringLocked("Failed to unlock the collection!")


@pytest.fixture
def use():
    before = keyring.get_keyring()
    yield lambda backend: keyring.set_keyring(backend) or backend
    keyring.set_keyring(before)


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "secrets.toml").write_text(SECRETS)
    return load_site("site.toml")


@pytest.fixture
def type_in(monkeypatch):
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_what_the_file_leaves_out_is_in_the_keyring(site, use, type_in, capsys):
    ring = use(Memory())
    assert main(["secret", "list"]) == 2
    assert capsys.readouterr().out == (
        "wifi/hall 2: missing; give it to the keyring: "
        "`limen secret set 'wifi/hall 2' --site site.toml`\n"
        "wifi/yard: in secrets.toml\n"
        "mqtt/press-07: missing; give it to the keyring: "
        "`limen secret set mqtt/press-07 --site site.toml`\n"
    )
    type_in("12345678\n")
    assert main(["secret", "set", "wifi/hall 2"]) == 0
    type_in("of the broker\n")
    assert main(["secret", "set", "mqtt/press-07"]) == 0
    assert ring.kept == {
        ("limen/hall-2", "wifi/hall 2"): "12345678",
        ("limen/hall-2", "mqtt/press-07"): "of the broker",
    }
    assert load_secrets(site).stored == {
        "wifi": [
            {"ssid": "hall 2", "password": "12345678"},
            {"ssid": "yard", "password": "in-the-file"},
        ],
        "mqtt": {"user": "press-07", "password": "of the broker"},
    }
    assert main(["secret", "list"]) == 0
    said = capsys.readouterr()
    assert "12345678" not in said.out + said.err and "of the broker" not in said.out + said.err
    assert main(["secret", "delete", "mqtt/press-07"]) == 0
    assert main(["secret", "list"]) == 2
    assert main(["secret", "delete", "mqtt/press-07"]) == 1
    assert "The system's keyring refuses: Password not found." in capsys.readouterr().err


def test_a_password_is_typed_unseen(site, use, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    ring, asked = use(Memory()), []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda prompt: asked.append(prompt) or "12345678")
    assert main(["secret", "set", "wifi/hall 2"]) == 0
    assert asked == ["Password of wifi/hall 2: "] and "12345678" in ring.kept.values()


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("wifi/yard", "12345678", "secrets.toml has a password for wifi/yard, which is the one"),
        ("wifi/hal 2", "12345678", 'Nothing in secrets.toml is named "wifi/hal 2"; did you mean'),
        ("wifi/hall 2", "1234567", "The password must be a text of 8 to 63 characters"),
    ],
)
def test_what_nothing_would_look_up_is_refused(site, use, type_in, capsys, name, typed, sentence):
    ring = use(Memory())
    type_in(typed)
    assert main(["secret", "set", name]) == 2
    assert sentence in capsys.readouterr().err and not ring.kept


def test_missing_in_both(site, use):
    use(Memory())
    with pytest.raises(SiteError) as raised:
        load_secrets(site)
    assert raised.value.problems == [
        'secrets.toml:1: wifi[0].password: is missing; write for example password = "...", or give '
        "it to the keyring: `limen secret set 'wifi/hall 2' --site site.toml`",
        'secrets.toml:8: mqtt.password: is missing; write for example password = "...", or give '
        "it to the keyring: `limen secret set mqtt/press-07 --site site.toml`",
    ]


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        (NoKeyring(), "this machine has none that can be used"),
        (Locked(), "Failed to unlock the collection!"),
    ],
)
def test_a_machine_without_a_keyring_says_so(site, use, type_in, capsys, backend, reason):
    use(backend)
    with pytest.raises(SiteError) as raised:
        load_secrets(site)
    assert raised.value.problems[0] == (
        'secrets.toml:1: wifi[0].password: is missing; write for example password = "...", or use '
        f"the system's keyring, which cannot be asked: {reason}"
    )


def test_keeping_a_password_where_there_is_no_keyring(site, use, type_in, capsys):
    use(NoKeyring())
    type_in("12345678")
    assert main(["secret", "set", "wifi/hall 2"]) == 1
    said = capsys.readouterr().err
    assert "this machine has none that can be used. Write the password into secrets.toml" in said
    assert "12345678" not in said


def test_a_file_that_says_all_asks_no_keyring(site, use, tmp_path):
    class Asked(Memory):
        def get_password(self, service, username):
            pytest.fail("was asked")

    use(Asked())
    (tmp_path / "secrets.toml").write_text('[wifi]\nssid = "a"\npassword = ""\n')
    assert load_secrets(site).stored["mqtt"] == {"user": None, "password": None}


def test_a_user_without_a_password(site, tmp_path):
    (tmp_path / "secrets.toml").write_text(
        '[wifi]\nssid = "a"\npassword = ""\n[mqtt]\nuser = "u"\npassword = ""\n'
    )
    assert load_secrets(site).stored["mqtt"] == {"user": "u", "password": None}
