"""Product keys, which buyers of Immich get for their account (IMCL-…) or their server (IMSV-…).

An activation key is Immich's RSA signature (PKCS #1 v1.5, SHA-256) of the licence key, so a key can be checked without
asking anybody. The public keys are those of Immich's production builds (server/src/repositories/config.repository.ts).
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal

PUBLIC_KEYS = {
    "client": """
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAv/7S32cRA5++1NnVDsCMspP/jJHIMqOJXFnh4NwA2Opz+RMfdco92PsOgh+wwQeEv1U2c2pj
zTiQ/2lrKq/kzJRlXwc4cUesQDMJOF+P2qONPbAJkXvCXYBULitCIkoLwfhSGNjyIKaRDhd/tNyN8+hNRZnYT1hSIj9SCkKxUCOzatPV4mCDerS+bE+g
EUeWp99V9azvF0FImnTWpQSwc8wEZgOMh4svh6aicwdzkPCwELak0VaBH31BEUCQLb9+AItHAUtJCKxhb5Wjs1s9brXfi0vrpgcZ/6DanY2qfSPznOmv
D2FrrlS1q4JJN3Vo7Ww/0Yy/yMcmzTWZhGuhUQIDAQAB""",
    "server": """
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAopnYDa0a/dU5IeG74iEEMwdAKjsNczLdCqRd1Z9y5T2wjO7eYIOeJTsl350sR0p4KfSUDSXv
C9NpDpc1tOKl5shC/AxpvQALCokF4jt8vrrd9fCaXc1TqRbOmnhiugD6vkr0O/Fb3UDi3U0TvhPPlPdvSawzLrWZPLfmHVVrbrSKmn9IeSgy07ukWTIy
LsciNrvnBywsJaReDuoNWPBHU/mo2mXa8m4wMWhiXehiIOQqMuSUgPeCsWj8UVx1CGlRzPDA0bVNQveKXWVxcEI6ULEgJy2F49lH0+aYCmBf7NEr6VQ2
WB95evTKXKvn0qIM7ngFlcUAw6fuV1cNCTJS6wIDAQAB""",
}

_URL_SAFE = str.maketrans("+/", "-_")


def is_signed(license_key: str, activation_key: str, kind: Literal["client", "server"]) -> bool:
    """Is `activation_key` (base64 of either alphabet, padded or not) Immich's signature of `license_key` for accounts,
    or for servers?"""
    # Once in the life of a server, and 5 MB.
    from Crypto.Hash import SHA256
    from Crypto.PublicKey import RSA
    from Crypto.Signature import pkcs1_15

    try:
        signature = base64.urlsafe_b64decode(activation_key.translate(_URL_SAFE).rstrip("=") + "==")
    except (binascii.Error, ValueError):
        return False
    public_key = RSA.import_key(base64.b64decode(PUBLIC_KEYS[kind]))
    try:
        pkcs1_15.new(public_key).verify(SHA256.new(license_key.encode()), signature)
    except ValueError:
        return False
    return True
