"""Looks at pictures as a suspicious stranger would: what do they still tell, what did making them cost?"""

import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from app.media import decoding
from app.media.decoding import Undecodable
from app.media.rules import Refusal
from tests.media_samples import CANARY

MARKS = (CANARY, b"Exif", b"http://ns.adobe.com/xap", b"xmpmeta", b"ICC_PROFILE", b"ICCP", b"XMP ", b"EXIF")
# What exiftool says of the container itself and of its own run.
HARMLESS = {"ExifTool", "System", "File", "JFIF", "RIFF", "Composite"}
TELLING = re.compile(r"gps|serial|owner|artist|creator|thumbnail|make|model|software|date", re.IGNORECASE)

# Started between us and the child: the kernel counts what our own process holds into a direct child.
_METER = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], "wb"), stderr=subprocess.DEVNULL, env={})
seconds, use = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, seconds, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024]))
"""


@dataclass(frozen=True)
class Measure:
    """What one picture cost; outcome None means that it came out."""

    seconds: float
    cpu_seconds: float
    rss_mb: float
    outcome: Refusal | None


def measured(raw: bytes) -> Measure:
    """Run the child as the house does and measure it."""
    with tempfile.NamedTemporaryFile() as out:
        meter = [sys.executable, "-c", _METER, out.name, *decoding.command()]
        said = subprocess.run(meter, input=raw, stdout=subprocess.PIPE, check=True).stdout
        code, seconds, cpu, rss = json.loads(said)
        try:
            decoding.read(code, Path(out.name).read_bytes())
        except Undecodable as no:
            return Measure(seconds, cpu, rss, no.reason)
    return Measure(seconds, cpu, rss, None)


def common_run(one: bytes, other: bytes, length: int = 24) -> bytes | None:
    """Give bytes that both hold in one run, or None."""
    seen = {one[at : at + length] for at in range(len(one) - length + 1)}
    runs = (other[at : at + length] for at in range(len(other) - length + 1))
    return next((run for run in runs if run in seen and len(set(run)) > 4), None)


def leaks(files: Iterable[bytes]) -> list[str]:
    """List what the files still tell about owner, place or camera; exiftool helps where it is installed."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(files):
            (Path(folder) / f"{number}.bin").write_bytes(data)
            found += [f"{number}: bytes {mark!r}" for mark in MARKS if mark in data]
            with Image.open(io.BytesIO(data)) as picture:
                found += [f"{number}: Exif tag {tag}" for tag in picture.getexif()]
                telling = {"exif", "xmp", "icc_profile", "comment", "photoshop"} & set(picture.info)
                found += [f"{number}: info {name}" for name in sorted(telling, key=str) if picture.info[name]]
        if shutil.which("exiftool"):
            found += _seen_by_exiftool(folder)
    return found


def _seen_by_exiftool(folder: str) -> list[str]:
    said = subprocess.run(["exiftool", "-j", "-G0:1", "-a", "-u", "-ee", folder], capture_output=True).stdout
    found = []
    for file in json.loads(said or "[]"):
        for name, value in file.items():
            group, _, tag = name.rpartition(":")
            groups = set(group.split(":"))
            outside = group and not groups <= HARMLESS
            if outside or (TELLING.search(tag) and not groups & {"System", "File", "ExifTool"}):
                found.append(f"{Path(file['SourceFile']).stem}: {name} = {str(value)[:40]}")
    return found
