"""`make run`: the whole product on this machine, with a demo world around it; Ctrl+C stops everything."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from run.processes import Process, end_with_parent
from run.servers import ROOT, NoServer, running

VAR = ROOT / "var"
LOGS = VAR / "log"
READY_WITHIN = 60  # seconds for the web server to answer


def main() -> int:
    port = int(os.environ.get("PORT", "8000"))
    if not is_free(port):
        print(f"Port {port} is taken. Choose another one: PORT={port + 1} make run", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, interrupt)
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        with running("run") as addresses:
            return run(port, os.environ | addresses)
    except NoServer as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def run(port: int, given: dict[str, str]) -> int:
    """Migrate, load the demo, start every process and watch over them until interrupted."""
    places = Places(port, given)
    for step in (["migrate", "--verbosity", "0"], ["load_demo"]):
        print({"migrate": "Bringing the database up to date …", "load_demo": "Loading the demo …"}[step[0]], flush=True)
        if subprocess.call([sys.executable, "manage.py", *step], cwd=ROOT, env=places.environment) != 0:
            return 1
    processes = [
        Process(name, command, places.environment, LOGS / f"{name}.log") for name, command in places.commands()
    ]
    try:
        for process in processes:
            process.start()
        if not answers(f"http://127.0.0.1:{port}/account/login/"):
            print(f"The web server does not answer: see {LOGS / 'web.log'}", file=sys.stderr)
            return 1
        print(places.welcome(), flush=True)
        while True:
            time.sleep(0.5)
            for process in processes:
                if line := process.watch(time.monotonic()):
                    print(line, flush=True)
    finally:
        for process in reversed(processes):
            process.ask_to_stop()
        for process in reversed(processes):
            process.stop()


class Places:
    """Addresses of this run, its environment and its commands."""

    def __init__(self, port: int, given: dict[str, str]) -> None:
        self.port = port
        self.own_world = "SMTP_URL" not in given
        self.smtp, self.inbound, self.catcher, self.inbox, self.texts = free_ports(1025, 2525, 1026, 1080, 1090)
        self.environment = {
            "SMTP_URL": f"smtp://127.0.0.1:{self.smtp}",
            "BASE_URL": f"http://localhost:{port}",
            "INBOUND_ADDRESS": f"127.0.0.1:{self.inbound}",
            "BOUNCE_DOMAIN": "bounces.postduif.localhost",
            "SENDER_NAME": "De Werkbank",
            "SENDER_ADDRESS": "hallo@dewerkbank.example",
            "POSTAL_ADDRESS": "Havenstraat 14, 3024 SC Rotterdam",
            "SECRET_KEY": secret_key(),
            "DEMO_TWILIO": f"http://127.0.0.1:{self.texts}",
            "DELIVERY_RETRY_FIRST": "20",  # seconds: nobody watches a demo for hours
            "DJANGO_SETTINGS_MODULE": "config.settings",
        } | given

    def commands(self) -> Sequence[tuple[str, list[str]]]:
        python, binaries = sys.executable, Path(sys.executable).parent
        celery = [python, "-m", "celery", "-A", "config", "--quiet"]
        commands = [
            ("web", [str(binaries / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
                     "--workers", "1", "--blocking-threads", "4", "config.wsgi:application"]),
            ("worker", [*celery, "worker", "--concurrency", "2", "--loglevel", "warning"]),
            ("beat", [*celery, "beat", "--loglevel", "warning", "--schedule", str(VAR / "beat")]),
            ("inbound", [python, "manage.py", "inbound", "--listen", f"127.0.0.1:{self.inbound}"]),
            ("catcher", [node(), "node_modules/.bin/maildev", "--ip", "127.0.0.1", "--smtp", str(self.catcher),
                         "--web-ip", "127.0.0.1", "--web", str(self.inbox), "--silent"]),
        ]  # fmt: skip
        commands.append(("twilio", [python, "-m", "demo.twilio", str(self.texts)]))
        if self.own_world:
            commands.append(
                ("world", [python, "-m", "demo.world", "--listen", f"127.0.0.1:{self.smtp}",
                           "--inbound", f"127.0.0.1:{self.inbound}", "--catcher", f"127.0.0.1:{self.catcher}",
                           "--base-url", self.environment["BASE_URL"], "--stats", str(VAR / "world.json")])
            )  # fmt: skip
        return commands

    def welcome(self) -> str:
        outside = (
            f"  Mail goes to a demo world that answers, opens, clicks and bounces; a sample lies in\n"
            f"  the mail catcher       http://localhost:{self.inbox}"
            if self.own_world
            else f"  Mail goes to           {self.environment['SMTP_URL'].rpartition('@')[2]}"
        )
        return (
            f"\n  Postduif               http://localhost:{self.port}\n"
            f"  Log in with            demo@example.org / postduif-demo\n"
            f"{outside}\n"
            f"  Text messages          http://localhost:{self.texts}\n"
            f"  Logs                   {LOGS.relative_to(ROOT)}/\n\n"
            f"  Ctrl+C stops everything.\n"
        )


def secret_key() -> str:
    """One key per checkout, so that links in mail already sent go on working."""
    path = VAR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def node() -> str:
    local = ROOT / ".tools" / "bin" / "node"
    return str(local) if local.exists() else "node"


def free_ports(*wishes: int) -> list[int]:
    """Each wish, or a free port instead when it is taken."""
    return [wish if is_free(wish) else any_free_port() for wish in wishes]


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own loopback address
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.2)
    return False


if __name__ == "__main__":
    end_with_parent()
    os.chdir(ROOT)
    sys.exit(main())
