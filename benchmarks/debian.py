"""Programs of Debian's that are yardsticks. What is not installed is unpacked into var/: nothing is installed."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "var"


class Missing(SystemExit):
    """The programs are not here and cannot be fetched; the sentence says what to do."""


def find(programs: Sequence[str], packages: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Give the paths of programs and the environment they run in; the first package names their folder in var/."""
    installed = [path for name in programs if (path := shutil.which(name))]
    if len(installed) == len(programs):
        return installed, dict(os.environ)
    folder = FOLDER / packages[0]
    if not folder.exists():
        _unpack(folder, packages)
    libraries = ":".join([str(folder / "usr/lib/postfix"), *map(str, folder.glob("usr/lib/*-linux-gnu*"))])
    paths = [next(path for path in folder.glob(f"usr/*bin/{name}")) for name in programs]
    return list(map(str, paths)), os.environ | {"LD_LIBRARY_PATH": libraries}


def _unpack(folder: Path, packages: Sequence[str]) -> None:
    loading = folder.with_suffix(".loading")
    shutil.rmtree(loading, ignore_errors=True)
    loading.mkdir(parents=True)
    try:
        subprocess.run(["apt-get", "download", *packages], cwd=loading, check=True, capture_output=True)
        for package in loading.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package.name, "."], cwd=loading, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(
            f"The reference needs a program that could not be fetched ({error}). "
            f"Install Debian's {' and '.join(packages)}, or run this where apt-get download works."
        ) from error
    loading.rename(folder)
