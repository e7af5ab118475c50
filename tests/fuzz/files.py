"""Files of every kind that say something about themselves, damaged in every way: facts or none, in bounded time, and
never the end of the process that reads them.

    python -m tests.fuzz.files [--files 20000] [--seed 1]

EXIF, XMP, IPTC and QuickTime are read by libraries in C++, which no exception guards; so batches run in processes of
their own. One that dies, or is busy with a file for too long, is a failure, and the file is kept.
"""

from __future__ import annotations

import argparse
import io
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import orjson
from PIL import Image

from plugins.media import embedded
from plugins.media.decoders import Undecodable
from plugins.media.images import render
from plugins.media.metadata import read_metadata
from tests.plugins.media.files import bag, damaged, encoded, exif, iptc_record, jpeg, photo, raw_negative, xmp

SECONDS = 20
"""Of CPU for one file. All of these take milliseconds."""

BATCH = 500

PROGRESS = "progress"

EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\xff\xff", b"\0\0")


@dataclass(frozen=True)
class Sample:
    """A good file. `name` as a client calls it."""

    name: str
    content: bytes


@cache
def samples() -> tuple[Sample, ...]:
    facts = exif(gps=(48.8584, 2.2945), satellites="2023:11:15 12:30:00", Make="Acme", Rating=3, ExposureTime=0.008,
                 DateTimeOriginal="2019:08:07 06:05:04", OffsetTimeOriginal="+02:00", ImageDescription="A description")
    region = ('<mwg-rs:Regions xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
              'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>'
              '<rdf:li rdf:parseType="Resource"><mwg-rs:Area stArea:x="0.5" stArea:y="0.5" stArea:w="0.1" stArea:h="0.1" '
              'stArea:unit="normalized"/><mwg-rs:Name>Ann</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type></rdf:li>'
              '</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>')
    packet = xmp('GCamera:MotionPhoto="1" xmp:Rating="4"', bag("dc:subject", "one", "two") + region)
    records = b"".join((iptc_record(25, b"word"), iptc_record(55, b"20200102"), iptc_record(60, b"030405+0100"),
                        iptc_record(120, b"caption")))
    picture = photo(64, 48)
    found = [Sample("a.jpg", jpeg(packet=packet, iptc=records, exif=facts)), Sample("a.dng", raw_negative(32, 32)),
             Sample("a.xmp", packet), Sample("a.mp4", film("mp4")), Sample("a.mov", film("mov")),
             Sample("a.mkv", film("matroska")), Sample("motion.jpg", jpeg(packet=packet, exif=facts) + film("mp4"))]
    for form, options in (("PNG", {"exif": facts}), ("WEBP", {"exif": facts, "xmp": packet}), ("TIFF", {"exif": facts}),
                          ("AVIF", {"exif": facts, "xmp": packet}), ("GIF", {})):
        found.append(Sample(f"a.{form.lower()}", encoded(picture, form, **options)))
    return tuple(found)


def film(format: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=format, options={"movflags": "use_metadata_tags"} if format != "matroska" else {}) as made:
        made.metadata.update({"creation_time": "2020-01-02T03:04:05Z", "com.apple.quicktime.make": "Acme",
                              "com.apple.quicktime.location.ISO6709": "+48.8584+002.2945+035.000/",
                              "com.apple.quicktime.creationdate": "2020-01-02T03:04:05+0100"})
        track = made.add_stream("libx264", rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        track.codec_context.thread_count = 1
        for _ in range(3):
            made.mux(track.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), "red"))))
        made.mux(track.encode())
    return out.getvalue()


def spoilt(sample: Sample, seed: int) -> bytes:
    """Damage that keeps more of the structure than chance would: lengths and counts of boxes, tags and segments."""
    rnd = random.Random(seed)
    if rnd.random() < 0.4:
        return damaged(sample.content, seed)
    data = bytearray(sample.content)
    for _ in range(rnd.choice((1, 1, 2, 5))):
        marks = [at for mark in (b"moov", b"mvhd", b"meta", b"keys", b"ilst", b"trak", b"Exif", b"II*\0", b"MM\0*", b"8BIM",
                                 b"rdf:", b"\x1c\x02", b"iloc", b"iinf", b"ftyp", b"VP8 ", b"IHDR", b"eXIf", b"ns.adobe")
                 if (at := data.find(mark, rnd.randrange(len(data)))) >= 0]
        at = max(rnd.choice(marks or [0]) + rnd.randrange(-8, 64), 0) if rnd.random() < 0.8 else rnd.randrange(len(data))
        match rnd.randrange(4):
            case 0:
                extreme = rnd.choice(EXTREMES)
                data[at:at + len(extreme)] = extreme
            case 1:
                length = rnd.randrange(1, 200)
                other = rnd.randrange(len(data))
                data[at:at] = data[other:other + length]
            case 2:
                data[at:at + 4] = struct.pack(rnd.choice("<>") + "I", rnd.randrange(2**32))
            case 3:
                text = rnd.choice((b"<!DOCTYPE x [<!ENTITY a '&b;'>]>", b"&a;", b"\0" * 50, b"<rdf:li>" * 60, b"%s%n", b"9" * 400))
                data[at:at] = text
        if not data:
            return b""
    return bytes(data)


def read(sample: Sample, content: bytes, folder: Path) -> str:
    """What came of it: "facts", "shown", "refused". Raises what nobody expects."""
    path = folder / f"file{Path(sample.name).suffix}"
    path.write_bytes(content)
    if sample.name.endswith(".xmp"):
        picture = folder / "beside.jpg"
        picture.write_bytes(jpeg())
        metadata = read_metadata(picture, filename="beside.jpg", sidecar=path)
        # What the server does with a sidecar that a user changes, or leaves alone if it cannot be read.
        with suppress(ValueError):
            embedded.packet({"Xmp.dc.description": "x"}, content)
    else:
        metadata = read_metadata(path, filename=sample.name)
    # What goes into the database is text that every database takes.
    orjson.dumps([text for text in (metadata.make, metadata.model, metadata.description, *metadata.tags) if text])
    if sample.name.endswith(".xmp"):
        return "facts"
    try:
        if not sample.name.endswith((".mp4", ".mov", ".mkv")):
            render(path)
            return "shown"
    except Undecodable:
        return "refused"
    return "facts"


def run_batch(seeds: range, folder: Path) -> Counter:
    """In this process. The file `progress` names the seed that is being read."""
    every, counts = samples(), Counter()
    for seed in seeds:
        (folder / PROGRESS).write_text(str(seed))
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        sample = every[seed % len(every)]
        try:
            counts[read(sample, spoilt(sample, seed), folder)] += 1
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return counts


def run_apart(seeds: range, folder: Path) -> tuple[Counter, list[str]]:
    """In a process of its own, which may die: then in another from the next file on. Returns counts and failures.

    Not in a fork: LibRaw's threads are not there in the child of who has used it, which would wait for them for ever.
    """
    counts, failures = Counter(), []
    while seeds:
        with (folder / "log").open("wb") as log:
            ended = subprocess.run(
                [sys.executable, "-W", "ignore", "-m", "tests.fuzz.files", "--batch", str(seeds.start), str(seeds.stop),
                 str(folder)], stdout=subprocess.PIPE, stderr=log, cwd=Path(__file__).parents[2])
        if not ended.returncode:
            counts.update(orjson.loads(ended.stdout))
            break
        seed = int((folder / PROGRESS).read_text())
        sample = samples()[seed % len(samples())]
        said = (folder / "log").read_text(errors="replace").strip().rpartition("\n")[2][:300]
        failures.append(f"seed {seed}, {sample.name}: exit {ended.returncode} {said}")
        seeds = range(seed + 1, seeds.stop)
    return counts, failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", nargs=3, metavar=("START", "STOP", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.batch:
        start, stop, folder = options.batch
        sys.stdout.buffer.write(orjson.dumps(run_batch(range(int(start), int(stop)), Path(folder))))
        return 0
    counts: Counter = Counter()
    failures: list[str] = []
    first, began = options.seed * 1_000_000, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for start in range(first, first + options.files, BATCH):
            more, wrong = run_apart(range(start, min(start + BATCH, first + options.files)), Path(folder))
            counts.update(more)
            failures += wrong
            for line in wrong:
                print(line, flush=True)
            print(f"{start + BATCH - first} files in {time.monotonic() - began:.0f} s, {len(failures)} failures", flush=True)
    print(f"{options.files} files: {dict(counts)}, {len(failures)} failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
