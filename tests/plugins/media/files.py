"""Files made for the tests of the media plugin: pictures in many formats, a camera raw file, damaged copies."""

from __future__ import annotations

import io
import random
import struct
from array import array
from pathlib import Path

import pillow_heif
from PIL import ExifTags, Image

pillow_heif.register_heif_opener()  # Pillow writes HEIC then, too

CORNERS = {"top left": (255, 0, 0), "top right": (0, 255, 0), "bottom left": (0, 0, 255), "bottom right": (255, 255, 0)}


def corners(width: int = 320, height: int = 240, mode: str = "RGB") -> Image.Image:
    """A picture whose quarters have the colours of CORNERS, so that one sees how it was turned."""
    colours = list(CORNERS.values())
    small = Image.new("RGB", (2, 2))
    for place, colour in zip(((0, 0), (1, 0), (0, 1), (1, 1)), colours):
        small.putpixel(place, colour)
    return small.resize((width, height), Image.Resampling.NEAREST).convert(mode)


def quarters(image: Image.Image) -> list[str]:
    """The names of the CORNERS colours found in the four quarters, row by row."""
    image = image.convert("RGB")
    found = []
    for x, y in ((1, 1), (3, 1), (1, 3), (3, 3)):
        pixel = image.getpixel((image.width * x // 4, image.height * y // 4))
        found.append(min(CORNERS, key=lambda name: sum(abs(a - b) for a, b in zip(CORNERS[name], pixel))))
    return found


def photo(width: int = 640, height: int = 480, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """A picture with smooth random content."""
    rnd = random.Random(seed)
    small = Image.frombytes("RGB", (8, 6), rnd.randbytes(8 * 6 * 3))
    return small.resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def oriented(orientation: int) -> bytes:
    """EXIF with nothing but an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def exif(gps: tuple[float, float] | None = None, satellites: str = "", **tags: object) -> bytes:
    """EXIF from the names of Pillow's `ExifTags.Base`; `gps` in degrees, `satellites` as "2023:11:15 12:30:00"."""
    made = Image.Exif()
    for name, value in tags.items():
        tag = ExifTags.Base[name]
        (made if name in _FIRST_DIRECTORY else made.get_ifd(ExifTags.IFD.Exif))[tag.value] = value
    where = made.get_ifd(ExifTags.IFD.GPSInfo)
    if gps:
        for number, degrees, letters in ((1, gps[0], "NS"), (3, gps[1], "EW")):
            minutes = abs(degrees) * 60
            where[number] = letters[degrees < 0]
            where[number + 1] = (float(minutes // 60), float(minutes % 60 // 1), round(minutes % 1 * 60, 4))
    if satellites:
        day, time = satellites.split()
        where[29], where[7] = day, tuple(float(part) for part in time.split(":"))
    return made.tobytes()


_FIRST_DIRECTORY = {"Make", "Model", "Orientation", "DateTime", "ImageDescription", "Software", "Rating"}

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/", "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/", "tiff": "http://ns.adobe.com/tiff/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/", "digiKam": "http://www.digikam.org/ns/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/", "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "GPano": "http://ns.google.com/photos/1.0/panorama/", "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
}


def xmp(attributes: str = "", inner: str = "") -> bytes:
    """An XMP packet. All of `_NAMESPACES` may be used in it."""
    namespaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {namespaces} {attributes}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def bag(name: str, *values: str) -> str:
    items = "".join(f"<rdf:li>{value}</rdf:li>" for value in values)
    return f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>"


def jpeg(*, packet: bytes = b"", iptc: bytes = b"", **options: object) -> bytes:
    """A small JPEG; `packet` goes in as its XMP, `iptc` as its IPTC records."""
    content = encoded(photo(160, 120), "JPEG", **options)
    segments = b""
    if packet:
        segments += _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)
    if iptc:
        block = b"8BIM\x04\x04\0\0" + len(iptc).to_bytes(4, "big") + iptc + bytes(len(iptc) % 2)
        segments += _segment(0xED, b"Photoshop 3.0\0" + block)
    return content[:2] + segments + content[2:]


def iptc_record(dataset: int, value: bytes) -> bytes:
    return bytes([0x1C, 2, dataset]) + len(value).to_bytes(2, "big") + value


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


def raw_negative(width: int = 96, height: int = 64, orientation: int = 1) -> bytes:
    """An uncompressed DNG: red above, green to the right, as a sensor with RGGB filters sees it."""
    colours = list(CORNERS.values())
    pixels = array("H")
    for y in range(height):
        for x in range(width):
            quarter = colours[(x >= width / 2) + 2 * (y >= height / 2)]
            pixels.append(quarter[y % 2 + x % 2] * 257)
    strip = pixels.tobytes()
    tags = [
        (254, "I", 0), (256, "I", width), (257, "I", height), (258, "H", 16), (259, "H", 1), (262, "H", 32803),
        (271, "s", b"Acme\0"), (272, "s", b"Raw 1\0"), (273, "I", None), (274, "H", orientation), (277, "H", 1),
        (278, "I", height), (279, "I", len(strip)), (33421, "HH", 2, 2), (33422, "BBBB", 0, 1, 1, 2),
        (50706, "BBBB", 1, 4, 0, 0), (50708, "s", b"Acme Raw 1\0"), (50717, "I", 65535),
        (50721, "18i", *(n for row in range(3) for column in range(3) for n in (int(row == column), 1))),
        (50728, "6I", 1, 1, 1, 1, 1, 1),
    ]  # fmt: skip
    kinds = {"I": 4, "H": 3, "HH": 3, "s": 2, "BBBB": 1, "18i": 10, "6I": 5}
    counts = {"HH": 2, "BBBB": 4, "18i": 9, "6I": 3}
    behind = 8 + 2 + 12 * len(tags) + 4
    directory, values = struct.pack("<H", len(tags)), b""
    for tag, form, *value in tags:
        data = b"????" if value == [None] else value[0] if form == "s" else struct.pack("<" + form, *value)
        count = len(data) if form == "s" else counts.get(form, 1)
        directory += struct.pack("<HHI", tag, kinds[form], count)
        if len(data) > 4:
            directory += struct.pack("<I", behind + len(values))
            values += data + bytes(len(data) % 2)
        else:
            directory += data.ljust(4, b"\0")
    directory = directory.replace(b"????", struct.pack("<I", behind + len(values)))
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + values + strip


def photoshop(image: Image.Image) -> bytes:
    """A PSD whose flattened picture is `image` (RGB), without layers."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, image.height, image.width, 8, 3)
    return head + bytes(12) + bytes(2) + b"".join(band.tobytes() for band in image.split())


def damaged(content: bytes, seed: int) -> bytes:
    """The content cut off, or with bytes changed, lost or doubled, at places the seed decides."""
    rnd = random.Random(seed)
    data = bytearray(content)
    for _ in range(rnd.choice((1, 1, 3, 20))):
        # Half of all damage goes to the first kilobyte: that is where the structure is.
        end = len(data) if rnd.random() < 0.5 else min(len(data), 1024)
        at = rnd.randrange(max(1, end))
        match rnd.randrange(5):
            case 0:
                del data[at:]
            case 1:
                data[at : at + 1] = rnd.randbytes(1)
            case 2:
                data[at : at + 4] = rnd.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
            case 3:
                del data[at : at + rnd.randrange(1, 64)]
            case 4:
                data[at:at] = data[at : at + rnd.randrange(1, 64)]
    return bytes(data)
