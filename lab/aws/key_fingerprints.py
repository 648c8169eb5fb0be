"""Fingerprints of key pairs that EC2 makes, as EC2 shows them: moto takes the public key's in every case."""

import base64
import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives import serialization
from moto.ec2.models import key_pairs
from moto.ec2.utils import KeyDetails, random_ed25519_key_pair, random_rsa_key_pair


def install() -> None:
    """Let moto's EC2 give the pairs that it makes AWS's fingerprints."""
    key_pairs.random_rsa_key_pair = _fingerprinted(random_rsa_key_pair, of_rsa)
    key_pairs.random_ed25519_key_pair = _fingerprinted(random_ed25519_key_pair, of_ed25519)


def of_rsa(details: KeyDetails) -> str:
    """Take SHA-1 of the private key in PKCS#8, DER, as ``openssl pkcs8 -topk8 -nocrypt -outform DER`` writes it."""
    key = serialization.load_pem_private_key(details["material"], password=None)
    content = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return hashlib.sha1(content, usedforsecurity=False).digest().hex(":")


def of_ed25519(details: KeyDetails) -> str:
    """Take SHA-256 of the public key, in base64, as ``ssh-keygen -l`` does."""
    content = base64.b64decode(details["material_public"].split()[1])
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _fingerprinted(
    make: Callable[[], KeyDetails], fingerprint: Callable[[KeyDetails], str]
) -> Callable[[], KeyDetails]:
    def made() -> KeyDetails:
        details = make()
        return {**details, "fingerprint": fingerprint(details)}

    return made
