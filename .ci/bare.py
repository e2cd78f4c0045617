"""Try both commands on a machine that has next to nothing: `python3 .ci/bare.py`, or `… run`.

A fresh Debian 12 in a folder, with git, make, python3 and python3-venv; the last commit is cloned into it, so
commit first. Needs root and mmdebstrap (apt-get install mmdebstrap); KEEP=1 keeps the folder. Not a part of
`make test`.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PORT = os.environ.get("PORT", "8765")
HAS = "git,make,python3,python3-venv,ca-certificates"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@contextmanager
def machine() -> Iterator[Path]:
    """Make a fresh Debian in a folder and take it away again."""
    root = Path(tempfile.mkdtemp(prefix="bare.", dir="/var/tmp"))
    mounts = [
        ("proc", "-t", "proc"),
        ("sys", "-t", "sysfs"),
        ("dev", "--bind", "/dev"),
        ("dev/pts", "--bind", "/dev/pts"),
    ]
    try:
        run("mmdebstrap", "--quiet", "--variant=apt", f"--include={HAS}", "bookworm", root)
        for place, kind, what in mounts:
            run("mount", kind, what, *([] if kind == "--bind" else ["none"]), root / place)
        run("mount", "-t", "tmpfs", "-o", "mode=1777", "none", root / "dev/shm")
        # Where this machine reaches its registries through settings of its own, so does the bare one.
        for file in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", CERTIFICATES):
            if Path(file).exists():
                shutil.copy(file, f"{root}{file}")
        run("git", "clone", "--quiet", "--no-hardlinks", ROOT, root / "srv/market")
        yield root
    finally:
        for process in inhabitants(root):
            os.kill(process, signal.SIGKILL)
        for place in ("dev/shm", *(mount[0] for mount in reversed(mounts))):
            subprocess.run(["umount", "-l", root / place], stderr=subprocess.DEVNULL)
        if not os.environ.get("KEEP"):
            run("rm", "-rf", "--one-file-system", root)


def run(*words: str | Path) -> None:
    subprocess.run(words, check=True)


def inhabitants(root: Path) -> list[int]:
    """Give the processes that live in there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "root").readlink() == root:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def inside(root: Path, command: str) -> list[str]:
    env = [
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "TERM=dumb",
        f"PORT={PORT}",
        f"SSL_CERT_FILE={CERTIFICATES}",
    ]
    env += [
        f"{key}={value}" for key, value in os.environ.items() if key.lower() in {"http_proxy", "https_proxy"}
    ]
    return ["chroot", str(root), "env", "-i", *env, "sh", "-c", f"cd /srv/market && exec {command}"]


def serves(root: Path, within: float) -> None:
    """Run `make run`, say how long until it serves, press Ctrl-C, and see that nobody is left."""
    log = root / "run.log"
    began = time.monotonic()
    with log.open("w") as out:
        server = subprocess.Popen(
            inside(root, "make run"), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    while not answers():
        if time.monotonic() - began > within or server.poll() is not None:
            raise SystemExit(f"{log.read_text()}\nFAILED: not serving within {within:.0f} s")
        time.sleep(0.1)
    print(
        f"{log.read_text()}\n-- serving after {time.monotonic() - began:.1f} s, allowed {within:.0f} s",
        flush=True,
    )
    os.killpg(server.pid, signal.SIGINT)
    server.wait(30)
    time.sleep(1)
    if left := inhabitants(root):
        raise SystemExit(f"FAILED: still there after Ctrl-C: {left}")


def answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> None:
    with machine() as root:
        print("== make run, cold", flush=True)
        serves(root, 120)
        print("== make run, again", flush=True)
        serves(root, 5)
        if sys.argv[1:] != ["run"]:
            print("== .ci/run", flush=True)
            run(*inside(root, "bash .ci/run"))


if __name__ == "__main__":
    main()
