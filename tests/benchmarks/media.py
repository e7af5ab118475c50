"""What pictures cost: CPU seconds and peak memory for thumbnail, preview, thumbhash and metadata.

    python -m tests.benchmarks.media [--images 5] [--folder DIR]

Makes photo-like JPEGs of 12 and 100 megapixels, or takes the files of a folder, and prints a table. Each line is
measured in a process of its own. Ends with status 1 when a picture of 12 megapixels takes more than 0.10 CPU seconds,
or one of 100 megapixels more than 250 MB (progressive JPEG aside, see docs/media.md): the bounds the media plugin is
built for.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageChops

CPU_SECONDS = 0.10
MEGABYTES = 250
BOUNDED = ("JPEG", "PNG")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=5, help="how many pictures of 12 megapixels to make")
    parser.add_argument("--folder", type=Path, help="measure these files instead of made ones")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if options.folder:
            small, large = sorted(options.folder.iterdir()), {}
        else:
            small = apart(photos, Path(made), options.images, 4000, 3000)
            large = apart(huge, Path(made))
        print(f"{'':34} {'CPU ms each':>12} {'a CPU second':>13} {'peak MB':>9}")
        rows = {
            "everything": apart(measured, everything, small),
            "thumbnail, preview and thumbhash": apart(measured, pictures, small),
            "metadata": apart(measured, metadata, small),
        }
        for kind, path in large.items():
            rows[f"100 megapixels, {kind}"] = apart(measured, everything, [path])
        for label, (seconds, megabytes) in rows.items():
            print(f"{label:34} {seconds * 1000:12.1f} {1 / seconds:13.1f} {megabytes:9.0f}")
        slow = not options.folder and rows["everything"][0] > CPU_SECONDS
        big = any(rows[f"100 megapixels, {kind}"][1] > MEGABYTES for kind in large if kind in BOUNDED)
    return int(slow or big)


def huge(folder: Path) -> dict[str, Path]:
    """A picture of 100 megapixels in several forms."""
    Image.MAX_IMAGE_PIXELS = None
    plain, = photos(folder, 1, 11_648, 8_736)
    made = {"JPEG": plain, "progressive JPEG": folder / "progressive.jpg", "PNG": folder / "huge.png"}
    with Image.open(plain) as picture:
        picture.save(made["progressive JPEG"], quality=80, progressive=True)
        picture.save(made["PNG"], compress_level=1)
    return made


def everything(path: Path) -> None:
    pictures(path)
    metadata(path)


def pictures(path: Path) -> None:
    from plugins.media.images import render

    render(path)


def metadata(path: Path) -> None:
    from plugins.media.metadata import read_metadata

    read_metadata(path, filename=path.name)


def apart(work: Callable[..., Any], *arguments: object) -> Any:
    """Done in a process of its own. This one stays small: a new process counts its parent's memory as its own peak."""
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(work, arguments)


def measured(work: Callable[[Path], None], paths: list[Path]) -> tuple[float, float]:
    """CPU seconds for each path, imports and first use aside, and the peak memory of this process in MB."""
    if len(paths) > 1:
        work(paths[0])
    started = time.process_time()
    for path in paths:
        work(path)
    seconds = (time.process_time() - started) / len(paths)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def photos(folder: Path, count: int, width: int, height: int) -> list[Path]:
    """Pictures with soft shapes, grain at two scales, and EXIF with a place: about 3 MB for 12 megapixels."""
    paths = []
    for seed in range(count):
        shapes = Image.frombytes("RGB", (40, 30), random.Random(seed).randbytes(40 * 30 * 3))
        picture = shapes.resize((width, height), Image.Resampling.BICUBIC)
        coarse = Image.effect_noise((width // 4, height // 4), 14).resize((width, height), Image.Resampling.BILINEAR)
        for grain in (Image.effect_noise((width, height), 11), coarse):
            picture = ImageChops.add(picture, Image.merge("RGB", [grain] * 3), scale=1, offset=-128)
        exif = Image.Exif()
        exif.get_ifd(ExifTags.IFD.Exif).update({0x9003: "2024:05:06 07:08:09", 0x829D: 1.8, 0x8827: 100})
        exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (48.0, 51.0, 30.2), 3: "E", 4: (2.0, 17.0, 40.2)})
        path = folder / f"{width}x{height}-{seed}.jpg"
        picture.save(path, quality=80, exif=exif)
        paths.append(path)
    return paths


if __name__ == "__main__":
    sys.exit(main())
