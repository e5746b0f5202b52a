"""The site's own authority, and the broker's configuration, on the command line."""

import datetime
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from host_tools import cli
from host_tools.authority import Authority, read_certificates
from host_tools.gateway_image import gateway_files
from host_tools.paths import PROJECT
from host_tools.site import load_site

PRESS = PROJECT / "examples/press"


@pytest.fixture
def site(tmp_path):
    """A site with TLS and two gateways."""
    text = (
        (PRESS / "site.toml").read_text().replace('host = "broker.local"', 'hosts = ["b1", "b2"]')
    )
    text = text.replace('hosts = ["b1", "b2"]', 'hosts = ["b1", "b2"]\ntls = true')
    gateway = text[text.index("[gateway.press-07]") :]
    path = tmp_path / "site.toml"
    path.write_text(text + "\n" + gateway.replace("press-07", "press-08"))
    (tmp_path / "secrets.toml").write_text((PRESS / "secrets.toml").read_text())
    return path


def limen(capsys, *words):
    status = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out + said.err


def made(capsys, site):
    assert limen(capsys, "ca", "init", "--site", site)[0] == 0
    assert limen(capsys, "ca", "issue", "--site", site)[0] == 0
    return Authority(site.parent / "ca")


def test_an_authority_and_what_it_issues(site, capsys):
    authority = made(capsys, site)
    names = [identity.path.name for identity in authority.issued()]
    assert names == ["b1", "b2", "hall-2.press-07", "hall-2.press-08"]
    for identity in authority.issued():
        certificate = identity.certificate()
        certificate.verify_directly_issued_by(authority.certificate)
        assert isinstance(certificate.public_key().curve, ec.SECP256R1)
        assert certificate.not_valid_before_utc == datetime.datetime(
            2020, 1, 1, tzinfo=datetime.UTC
        )
        assert stat.S_IMODE(identity.key_file.stat().st_mode) == 0o600
        assert identity.key().public_key() == certificate.public_key()
    broker = authority.identity_of("b1").certificate()
    names = broker.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["b1"]
    assert (site.parent / "ca/.gitignore").read_text() == "*.key\n"
    status, said = limen(capsys, "ca", "issue", "--site", site)
    assert (status, said) == (0, "Every gateway and broker of the site has its certificate.\n")


def test_a_gateways_flash_has_der_of_the_authority_and_its_own(site, capsys):
    authority = made(capsys, site)
    files = gateway_files(load_site(site), "press-07")
    ca = x509.load_der_x509_certificate(files["/ca.der"])
    own = x509.load_der_x509_certificate(files["/client.der"])
    assert ca == authority.certificate
    assert own.subject.rfc4514_string() == "CN=hall-2.press-07"
    assert files["/client.key"][:4] == b"\x30\x77\x02\x01"  # SEC 1, as `openssl ec` writes it


def test_renewing_keeps_key_and_name(site, capsys):
    authority = made(capsys, site)
    gateway = authority.identity_of("hall-2.press-07")
    before = gateway.certificate()
    assert limen(capsys, "ca", "renew", "--site", site) == (
        0,
        "None of 5 certificates ends within 60 days.\n",
    )
    status, said = limen(capsys, "ca", "renew", "--site", site, "--within", 3651, "--days", 5000)
    assert (status, said.count("renewed")) == (0, 4)
    after = gateway.certificate()
    assert after.not_valid_after_utc > before.not_valid_after_utc
    assert (after.subject, after.public_key()) == (before.subject, before.public_key())
    after.verify_directly_issued_by(authority.certificate)


def test_what_is_missing_or_wrong_is_said(site, capsys):
    folder = site.parent / "ca"
    assert limen(capsys, "ca", "issue", "--site", site) == (
        2,
        f"limen ca: There is no certificate authority in {folder}: make one with `limen ca "
        "init`.\n",
    )
    made(capsys, site)
    status, said = limen(capsys, "ca", "init", "--site", site)
    assert status == 2 and "has a certificate authority already" in said
    status, said = limen(capsys, "ca", "issue", "--site", site, "--gateway", "press-07")
    assert status == 2 and said.startswith("limen ca: hall-2.press-07: there is a certificate")
    status, said = limen(capsys, "ca", "issue", "--site", site, "--gateway", "press-70")
    assert (status, said) == (2, f"limen ca: {site} has no gateway press-70.\n")
    for name in ("hall-2.press-07.pem", "hall-2.press-07.key"):
        (folder / name).unlink()
    limen(capsys, "ca", "issue", "--site", site, "--gateway", "press-07", "--days", "-1")
    status, said = limen(
        capsys, *("flash", "--dry-run", "--site", site, "--gateway", "press-07", "--port", "none")
    )
    assert status == 2 and "has expired on" in said and "`limen ca renew`" in said


def test_certificates_and_keys_of_ones_own_that_are_wrong(site, capsys):
    made(capsys, site)
    folder = site.parent / "ca"
    other = folder / "hall-2.press-08.key"
    locked = site.parent / "locked.key"
    key = Authority(folder).identity_of("hall-2.press-07").key()
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    own = folder / "hall-2.press-07.pem"
    for certificate, key, sentence in (
        (own, other, f"{other} is not the key of {own}."),
        (own, locked, f"{locked} holds no private key without a password: "),
        (site, other, f"{site} holds no certificate: "),
        (site.parent / "gone.pem", other, "gone.pem cannot be read"),
    ):
        secrets = f'[wifi]\nssid = "a"\npassword = ""\n[mqtt]\ncertificate = "{certificate}"\n'
        (site.parent / "secrets.toml").write_text(secrets + f'key = "{key}"\n')
        status, said = limen(
            capsys, *("flash", "--dry-run", "--site", site, "--gateway", "press-07")
        )
        assert status == 2 and sentence in said


def test_the_brokers_configuration(site, capsys, tmp_path):
    authority = made(capsys, site)
    assert limen(capsys, "ca", "issue", "--site", site, "--service", "historian")[0] == 0
    out = tmp_path / "out"
    words = (
        "--site",
        site,
        "--broker",
        "b2",
        "--to",
        out,
        "--installed-at",
        "/etc/mosquitto/limen",
    )
    assert limen(capsys, "broker-config", *words)[0] == 0
    text = (out / "mosquitto.conf").read_text()
    assert "listener 8883\ncafile /etc/mosquitto/limen/ca.pem\n" in text
    assert read_certificates(out / "broker.pem") == [authority.identity_of("b2").certificate()]
    assert (
        (out / "access.acl")
        .read_text()
        .startswith(
            "user hall-2.press-07\n"
            "topic write limen/v1/hall-2/press-07/#\n"
            "topic read limen/v1/hall-2/press-07/cmd/+\n"
            "\n"
            "user hall-2.press-08\n"
        )
    )
    assert (
        (out / "access.acl")
        .read_text()
        .endswith(
            "user historian\ntopic read limen/v1/hall-2/#\ntopic write limen/v1/hall-2/+/cmd/+\n"
        )
    )
    status, said = limen(capsys, "broker-config", "--site", site, "--broker", "b3")
    assert (status, said) == (2, "limen broker-config: The site has no broker b3; it has b2, b1.\n")
