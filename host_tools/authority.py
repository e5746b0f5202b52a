"""A site's certificate authority: a folder with its key, and the certificates it has issued.

Keys are EC P-256, which a chip handles quickly and every TLS peer understands. Each certificate is
valid from `VALID_FROM`: the clock of a gateway that was never set counts from the day after, so
that it can check chain and name all the same (docs/tls.md). Private keys are readable by their
owner only, and a .gitignore keeps them out of version control.
"""

import datetime
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from host_tools.errors import ToolError

VALID_FROM = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
FOLDER = "ca"
_AUTHORITY = "ca"
_PEM, _KEY = ".pem", ".key"
_DER = serialization.Encoding.DER


@dataclass(frozen=True)
class Identity:
    """A certificate with its key, each as a file of the authority's folder."""

    path: Path

    @property
    def certificate_file(self) -> Path:
        return self.path.with_name(self.path.name + _PEM)

    @property
    def key_file(self) -> Path:
        return self.path.with_name(self.path.name + _KEY)

    @property
    def exists(self) -> bool:
        return self.certificate_file.exists() and self.key_file.exists()

    def certificate(self) -> x509.Certificate:
        return read_certificates(self.certificate_file)[0]

    def key(self) -> ec.EllipticCurvePrivateKey:
        return read_key(self.key_file)

    def write(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        """Keep both; the key first, so that a certificate is never without its own."""
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write(self.key_file, text, 0o600)
        _write(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


class Authority:
    """An authority that exists; `certificate` is what gateways, brokers and services trust."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.identity = Identity(folder / _AUTHORITY)
        if not self.identity.exists:
            raise ToolError(
                f"There is no certificate authority in {folder}: make one with `limen ca init`.", 2
            )
        self.certificate = self.identity.certificate()
        self._key = self.identity.key()

    @classmethod
    def create(cls, folder: Path, name: str, days: int) -> "Authority":
        """Make an authority of that name; ToolError where there is one already."""
        identity = Identity(folder / _AUTHORITY)
        if identity.certificate_file.exists() or identity.key_file.exists():
            raise ToolError(
                f"{folder} has a certificate authority already: what it issued would no longer be "
                "trusted if it were replaced. `limen ca renew` prolongs it.",
                2,
            )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text(f"*{_KEY}\n")
        key = ec.generate_private_key(ec.SECP256R1())
        identity.write(_self_signed(name, key, days), key)
        return cls(folder)

    def issued(self) -> list[Identity]:
        """What it has issued, by name."""
        paths = sorted(path.with_suffix("") for path in self.folder.glob(f"*{_PEM}"))
        return [Identity(path) for path in paths if path.name != _AUTHORITY]

    def identity_of(self, name: str) -> Identity:
        """Where a certificate of that name lies, issued or not."""
        return Identity(self.folder / name)

    def issue_client(self, name: str, days: int) -> Identity:
        """A certificate by which a gateway or a service says who it is."""
        return self._issue(name, [], ExtendedKeyUsageOID.CLIENT_AUTH, days)

    def issue_server(self, hosts: list[str], days: int) -> Identity:
        """A certificate for a broker that is reached under these names or addresses."""
        return self._issue(hosts[0], hosts, ExtendedKeyUsageOID.SERVER_AUTH, days)

    def _issue(self, name: str, hosts: list[str], usage, days: int) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(name), key.public_key(), _end(days), self.certificate.subject)
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if hosts:
            names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        identity = self.identity_of(name)
        identity.write(builder.sign(self._key, hashes.SHA256()), key)
        return identity

    def renew(self, identity: Identity, days: int) -> None:
        """Prolong a certificate, its own included; keys, names and purpose stay."""
        old, key = identity.certificate(), identity.key()
        builder = _builder(old.subject, key.public_key(), _end(days), self.certificate.subject)
        for extension in old.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        identity.write(builder.sign(self._key, hashes.SHA256()), key)
        if identity == self.identity:
            self.certificate = identity.certificate()


def days_left(certificate: x509.Certificate) -> int:
    """Whole days until a certificate ends, negative behind that."""
    return (certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)).days


def read_certificates(path: Path) -> list[x509.Certificate]:
    """The certificates of a PEM or DER file; ToolError where it has none."""
    content = _read(path, "certificate")
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return [x509.load_der_x509_certificate(content)]
    except ValueError as error:
        raise ToolError(f"{path} holds no certificate: {error}.", 2) from None


def read_key(path: Path):
    """The private key of a PEM or DER file without a password; ToolError where it has none."""
    content = _read(path, "key")
    is_pem = b"-----BEGIN" in content
    load = serialization.load_pem_private_key if is_pem else serialization.load_der_private_key
    try:
        return load(content, None)
    except (ValueError, TypeError) as error:
        raise ToolError(f"{path} holds no private key without a password: {error}.", 2) from None


def certificate_der(certificate: x509.Certificate) -> bytes:
    """The certificate as a gateway stores it."""
    return certificate.public_bytes(_DER)


def key_der(key) -> bytes:
    """As chips read it quickest and smallest: SEC 1 for EC, PKCS 1 for RSA."""
    return key.private_bytes(
        _DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ToolError(f"The {what} {path} cannot be read: {error.strerror}.", 2) from None


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write beside and rename, so that nothing is lost when it is interrupted."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    beside.replace(path)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _end(days: int) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days)


def _builder(subject, public_key, end, issuer) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(end)
    )


def _self_signed(name: str, key, days: int) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = _builder(_name(name), key.public_key(), _end(days), _name(name))
    builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return builder.sign(key, hashes.SHA256())


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
