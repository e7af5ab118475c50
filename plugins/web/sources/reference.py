"""References to images: `registry/repository:tag@digest`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plugins.web.sources.base import SourceError

_FORM = re.compile(r"""
    (?P<registry> [a-zA-Z0-9.-]+ (?: :\d+ )? | \[ [0-9a-fA-F:]+ \] (?: :\d+ )? )
    / (?P<repository> [a-z0-9]+ (?: [._-]+ [a-z0-9]+ )* (?: / [a-z0-9]+ (?: [._-]+ [a-z0-9]+ )* )* )
    (?: : (?P<tag> \w [\w.-]{0,127} ) )?
    (?: @ (?P<digest> sha256:[0-9a-f]{64} ) )?
""", re.VERBOSE | re.ASCII)

LOCAL = re.compile(r"(localhost|127\.[\d.]+|\[::1\])(:\d+)?")
"""Registries that are spoken to without TLS, as other tools do."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`digest` wins over `tag`, and is checked."""

    registry: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        found = _FORM.fullmatch(text)
        if found is None or not re.search(r"[.:\[]|^localhost$", found["registry"]):
            raise SourceError(f"{text} is no file or folder here, and no reference to an image either, such as "
                              "registry.example.org/immich-app/immich-server:v3.1.0 (with the registry's name)")
        return cls(found["registry"], found["repository"], found["tag"] or "latest", found["digest"] or "")

    @property
    def base(self) -> str:
        scheme = "http" if LOCAL.fullmatch(self.registry) else "https"
        return f"{scheme}://{self.registry}/v2/{self.repository}"

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}" + (f"@{self.digest}" if self.digest else f":{self.tag}")
