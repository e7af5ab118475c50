"""What a file says about itself: EXIF, IPTC and XMP as plain text by key.

EXIF is read by ExifRead (`exif`), everything else by Exiv2: IPTC, XMP, makers' notes, camera raw, and EXIF where
ExifRead finds none. Why Exiv2 (`exiv2` on PyPI, wheels with the library inside): it knows all of that in JPEG, PNG,
WebP, TIFF, HEIC, AVIF, JPEG XL and Photoshop; `pyexiv2` does not give the names that makers' numbers stand for, and
`python-xmp-toolkit` needs a library that has to be installed beforehand.

Keys are Exiv2's (`Exif.Photo.FNumber`, `Xmp.dc.subject`). EXIF values are text: rationals "9/5", lists with spaces.
"""

from __future__ import annotations

import codecs
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import exiv2

from immich_flask.contracts import media_types
from plugins.media import exif
from plugins.media.texts import LONGEST_VALUE, readable

exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)  # what it finds odd in files would go to standard error

_MOST_VALUES = 10_000
_LONGEST_PACKET = 16 * 1024 * 1024

_WIDE_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)

_XMP = "application/rdf+xml"

_one_at_a_time = threading.Lock()
"""Exiv2's XMP parser keeps global state."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The metadata of one file. Empty for a file that carries none or that Exiv2 does not know."""

    exif: Mapping[str, str] = field(default_factory=dict)
    iptc: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    xmp: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lens: str = ""
    """The lens by its name, looked up from a maker's number where need be."""
    iso: str = ""
    """The sensitivity, from maker notes where EXIF itself has none."""
    maker_note: bytes = b""
    """Apple's only; other makers' notes are among the `exif` keys."""
    icc_profile: bytes | None = None
    size: tuple[int, int] | None = None


def read(path: Path) -> Embedded:
    """The metadata of a media file. Never raises for what is in it; OSError when it cannot be opened."""
    with path.open("rb"):
        pass  # Exiv2 has its own errors for a missing file, which would be taken for an unknown format
    found = _read(str(path))
    if media_types.is_raw(path.name):
        return found
    return replace(found, exif={**found.exif, **exif.read(path)})


def read_sidecar(path: Path) -> Embedded:
    """The XMP of a sidecar file. Never raises for what is in it; OSError when it cannot be opened."""
    with path.open("rb") as file:
        return read_packet(file.read(_LONGEST_PACKET))


def read_packet(packet: bytes) -> Embedded:
    """The metadata in a bare XMP packet, in any of the encodings that XMP may have."""
    # Exiv2 derives EXIF and IPTC values from a sidecar: they would be taken for what a camera wrote.
    return Embedded(xmp=_read(_as_utf8(packet)).xmp)


def _as_utf8(packet: bytes) -> bytes:
    for bom, encoding in _WIDE_ENCODINGS:
        if packet.startswith(bom):
            return packet.decode(encoding, "replace").encode()
    return packet


def packet(values: Mapping[str, str | tuple[str, ...]], base: bytes = b"") -> bytes:
    """An XMP packet that says this: `{"Xmp.GPano.ProjectionType": "equirectangular"}`; a tuple for a list. What `base`,
    another packet, says besides stays. Raises ValueError when `base` cannot be read."""
    form = exiv2.XmpParser.XmpFormatFlags
    with _one_at_a_time:
        try:
            image = exiv2.ImageFactory.open(_as_utf8(base)) if base else None
            if image:
                if image.mimeType() != _XMP:
                    raise ValueError("this is no XMP")
                image.readMetadata()
            data = image.xmpData() if image else exiv2.XmpData()
            for key, value in values.items():
                data[key] = _xmp_value(key, value)
            _, text = exiv2.XmpParser.encode(data, form.omitPacketWrapper | form.useCompactFormat)
        except exiv2.Exiv2Error as error:
            raise ValueError(str(error)) from error
    return text.encode()


def _xmp_value(key: str, value: str | tuple[str, ...]) -> str | exiv2.Value:
    kind = exiv2.XmpProperties.propertyType(exiv2.XmpKey(key))
    if isinstance(value, tuple):
        listed = exiv2.XmpArrayValue(kind)
        for text in value:
            listed.append(text)
        return listed
    return exiv2.LangAltValue({"x-default": value}) if kind == exiv2.TypeId.langAlt else value


def _read(source: str | bytes) -> Embedded:
    with _one_at_a_time:
        try:
            image = exiv2.ImageFactory.open(source)
            image.readMetadata()
            return _embedded(image)
        except (exiv2.Exiv2Error, OverflowError, ValueError):
            return Embedded()


def _embedded(image: exiv2.Image) -> Embedded:
    data = image.exifData()
    exif = dict(_exif(data))
    icc = bytes(image.iccProfile().data()) if image.iccProfileDefined() else None
    size = (image.pixelWidth(), image.pixelHeight())
    return Embedded(
        exif=exif,
        iptc=_grouped(_iptc(image.iptcData())),
        xmp=_grouped(_xmp(image.xmpData())),
        lens=_shown(data, exiv2.lensName(data)),
        iso=_shown(data, exiv2.isoSpeed(data)),
        maker_note=_apple_note(data) if exif.get("Exif.Image.Make") == "Apple" else b"",
        icc_profile=icc or None,
        size=size if min(size) > 0 else None,
    )


def _exif(data: exiv2.ExifData) -> Iterator[tuple[str, str]]:
    for number, datum in enumerate(data):
        if number >= _MOST_VALUES:
            break
        if datum.typeId() != exiv2.TypeId.undefined and datum.size() <= LONGEST_VALUE:
            yield datum.key(), readable(datum.toString())


def _iptc(data: exiv2.IptcData) -> Iterator[tuple[str, str]]:
    for number, datum in enumerate(data):
        if number >= _MOST_VALUES:
            break
        if datum.size() <= LONGEST_VALUE:
            yield datum.key(), readable(datum.toString())


def _xmp(data: exiv2.XmpData) -> Iterator[tuple[str, str]]:
    for number, datum in enumerate(data):
        if number >= _MOST_VALUES:
            break
        if datum.size() > LONGEST_VALUE * 8:
            continue
        key, value = datum.key(), datum.value()
        if isinstance(value, exiv2.XmpArrayValue):
            for index in range(min(value.count(), _MOST_VALUES)):
                yield key, readable(value.toString(index))
        elif isinstance(value, exiv2.LangAltValue):
            yield key, readable(value.toString(0))  # the default language
        else:
            yield key, readable(value.toString())


def _grouped(values: Iterator[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, list[str]] = {}
    for key, value in values:
        grouped.setdefault(key, []).append(value)
    return {key: tuple(found) for key, found in grouped.items()}


def _shown(data: exiv2.ExifData, datum: exiv2.Exifdatum | None) -> str:
    return readable(datum.print(data)) if datum else ""


def _apple_note(data: exiv2.ExifData) -> bytes:
    found = data.findKey(exiv2.ExifKey("Exif.Photo.MakerNote"))
    return b"" if found == data.end() else bytes(found.value().data())
