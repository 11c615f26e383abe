"""Certificates for the tests' servers: a private CA and what it signs."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key, both PEM."""

    pem: bytes
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA that nobody trusts unless told to."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls) -> "Authority":
        """Make a new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Test CA")
        builder = _builder(name, name, key.public_key(), datetime.now(UTC))
        builder = builder.add_extension(
            x509.BasicConstraints(True, None), critical=True
        )
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    @property
    def pem(self) -> bytes:
        """The CA's certificate."""
        return _pem(self.certificate)

    def sign_self(self) -> Certificate:
        """Return a certificate for localhost that only it itself signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("localhost")
        builder = _builder(name, name, key.public_key(), datetime.now(UTC))
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
        return Certificate(_pem(signed), _key_pem(key))

    def issue(self, host: str, *, at: datetime | None = None) -> Certificate:
        """Issue a certificate for a host, valid around `at` (default: now)."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(
            _name(host),
            self.certificate.subject,
            key.public_key(),
            at or datetime.now(UTC),
        )
        names = x509.SubjectAlternativeName(
            [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))]
            if host == "localhost"
            else [x509.DNSName(host)]
        )
        signed = builder.add_extension(names, critical=False).sign(
            self.key, hashes.SHA256()
        )
        return Certificate(_pem(signed), _key_pem(key))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def server_context(certificate: Certificate, folder: Path) -> ssl.SSLContext:
    """Return a TLS context that shows a certificate."""
    file = folder / "server.pem"
    file.write_bytes(certificate.pem + certificate.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _DAY)
        .not_valid_after(at + _DAY)
    )
