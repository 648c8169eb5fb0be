"""The lab's certificate authority, and a certificate for each part that speaks TLS.

The inner listeners of the broker use mutual TLS: who holds no certificate of ours does not get in.
"""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.core.files import write_private, write_private_bytes

PARTIES = ("broker", "connect")
"""Common names of the certificates: the broker itself, the Connect worker."""

KEY_STORE_PASSWORD = "changeit"
"""Java reads no key without a password. This one keeps nothing: that the file is its owner's alone does."""

VALID = datetime.timedelta(days=825)
"""The longest life that current TLS clients accept for a certificate."""


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(**allowed: bool) -> x509.KeyUsage:
    kinds = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**dict.fromkeys(kinds.split(), False) | allowed)


def _builder(subject: str, key: ec.EllipticCurvePublicKey, issuer: str) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + VALID)
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _builder("Workbook lab CA", key.public_key(), "Workbook lab CA")
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    party: str, key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        _builder(party, key.public_key(), "Workbook lab CA")
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(issuer, critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .sign(signer, hashes.SHA256())
    )


def _pem_key(key: ec.EllipticCurvePrivateKey) -> str:
    # Kafka reads PKCS#8 only
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _load_or_create_authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key_file, certificate_file = folder / "ca-key.pem", folder / "ca.pem"
    if key_file.exists() and certificate_file.exists():
        key = load_pem_private_key(key_file.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(certificate_file.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _authority(key)
    write_private(key_file, _pem_key(key))
    write_private(certificate_file, _pem(certificate))
    return certificate, key


def _trust_store(authority: x509.Certificate) -> bytes:
    """Write what Java's ``javax.net.ssl.trustStore`` reads; there is nothing secret in it, so no password either."""
    entry = pkcs12.PKCS12Certificate(authority, b"workbook lab CA")
    return pkcs12.serialize_java_truststore([entry], NoEncryption())


def create(folder: Path) -> None:
    """Make the authority and every party's certificate, unless they are there.

    Parameters
    ----------
    folder : Path
        Receives ``ca.pem``, the same as ``trust.p12`` for Java and, for each of `PARTIES`, ``<party>.pem`` with key
        and chain.
    """
    trust_store = folder / "trust.p12"
    missing = [party for party in PARTIES if not (folder / f"{party}.pem").exists()]
    if not missing and trust_store.exists():
        return
    authority, signer = _load_or_create_authority(folder)
    write_private_bytes(trust_store, _trust_store(authority))
    for party in missing:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _leaf(party, key, authority, signer)
        write_private(folder / f"{party}.pem", _pem_key(key) + _pem(leaf) + _pem(authority))


def write_key_store(folder: Path, party: str) -> Path:
    """Write a party's certificate as ``<party>.p12``, which Java's web servers want; return where.

    Parameters
    ----------
    folder : Path
        Holds ``<party>.pem``.
    party : str
        One of `PARTIES`.
    """
    pem = (folder / f"{party}.pem").read_bytes()
    leaf, authority = x509.load_pem_x509_certificates(pem)
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    encryption = BestAvailableEncryption(KEY_STORE_PASSWORD.encode())
    file = folder / f"{party}.p12"
    write_private_bytes(file, pkcs12.serialize_key_and_certificates(party.encode(), key, leaf, [authority], encryption))
    return file
