"""The SMTP channel against servers of other hands and of bad manners: TLS, logins, limits, 421 in bursts, silence."""

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mailings.channels import DeliveryError, Outcome, Outgoing, Receipt
from mailings.channels.email import EmailChannel
from mailings.channels.smtp import Account, Patience
from tests.mailings.peer import Peer, Script

QUICK = Patience(connect=3, command=2, data=2, block=2, final_dot=2)


def a_message(number: int, recipient: str = "") -> Outgoing:
    body = b"Subject: nr %d\r\nMessage-ID: <%d@test>\r\n\r\n.hello\r\n" % (number, number)
    return Outgoing(number, f"b{number}@bounces.test", recipient or f"r{number}@example.org", body)


@contextlib.contextmanager
def a_channel(url: str) -> Iterator[EmailChannel]:
    channel = EmailChannel(Account.from_url(url), hello="test.example", patience=QUICK)
    try:
        yield channel
    finally:
        channel.close()


def send(channel: EmailChannel, *messages: Outgoing) -> dict[int, Receipt]:
    return {receipt.number: receipt for receipt in channel.send(messages, on_wire=lambda number: None)}


def outcomes(receipts: dict[int, Receipt]) -> set[Outcome]:
    return {receipt.outcome for receipt in receipts.values()}


# another hand's server ---------------------------------------------------------------------------------------------------


@cache
def certificate() -> tuple[bytes, bytes]:
    """A certificate for 127.0.0.1 and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(tz=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), secret


class Taker:
    """What aiosmtpd does with a mail; it knows one login."""

    def __init__(self) -> None:
        self.recipients: list[str] = []
        self.options: list[str] = []
        self.tls = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.recipients += envelope.rcpt_tos
        self.options += envelope.mail_options
        self.tls += server.transport.get_extra_info("ssl_object") is not None
        return "250 taken"

    def auth(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        return AuthResult(handled=False, success=(given.login, given.password) == (b"ada", b"se:cret"))


@contextlib.contextmanager
def aiosmtpd(folder: Path, *, tls: str = "", **options: object) -> Iterator[tuple[Taker, int]]:
    """aiosmtpd on a free port. `tls`: "start" or "implicit"."""
    taker = Taker()
    context = None
    if tls:
        public, secret = certificate()
        (folder / "cert.pem").write_bytes(public)
        (folder / "key.pem").write_bytes(secret)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    controller = Controller(
        taker,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=taker.auth,
        enable_SMTPUTF8=True,
        ssl_context=context if tls == "implicit" else None,
        tls_context=context if tls == "start" else None,
        **options,
    )
    controller.start()
    try:
        yield taker, controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine trusts the certificate, as it trusts those of its own authority."""
    (tmp_path / "authority.pem").write_bytes(certificate()[0])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("tls", "url"), [("start", "smtp://127.0.0.1:{}?starttls=1"), ("implicit", "smtps://127.0.0.1:{}")]
)
def test_mail_goes_over_tls(tmp_path, tls, url):
    with aiosmtpd(tmp_path, tls=tls) as (taker, port), a_channel(url.format(port)) as channel:
        receipts = send(channel, *map(a_message, range(20)))

    assert outcomes(receipts) == {Outcome.ACCEPTED}
    assert sorted(taker.recipients) == sorted(f"r{number}@example.org" for number in range(20))
    assert taker.tls == 20


def test_a_certificate_nobody_vouches_for_stops_everything_before_a_login(tmp_path):
    with (
        aiosmtpd(tmp_path, tls="start") as (taker, port),
        a_channel(f"smtp://127.0.0.1:{port}?starttls=1") as channel,
        pytest.raises(DeliveryError, match="certificate verify failed") as refusal,
    ):
        send(channel, a_message(1))

    assert not refusal.value.retry
    assert taker.recipients == []


def test_a_server_that_should_offer_tls_and_does_not_gets_nothing():
    with Peer() as peer, a_channel(f"{peer.url}?starttls=1") as channel, pytest.raises(DeliveryError) as refusal:
        send(channel, a_message(1))

    assert not refusal.value.retry
    assert peer.letters == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_login_by_either_mechanism(tmp_path, mechanism):
    others = {"PLAIN", "LOGIN"} - {mechanism}
    with aiosmtpd(tmp_path, auth_require_tls=False, auth_exclude_mechanism=others) as (taker, port):
        with a_channel(f"smtp://ada:se%3Acret@127.0.0.1:{port}") as channel:
            assert outcomes(send(channel, a_message(1))) == {Outcome.ACCEPTED}
        with a_channel(f"smtp://ada:wrong@127.0.0.1:{port}") as channel, pytest.raises(DeliveryError) as refusal:
            send(channel, a_message(2))

    assert not refusal.value.retry
    assert "wrong" not in str(refusal.value), "a password stands in no page"
    assert taker.recipients == ["r1@example.org"]


def test_letters_outside_ascii_before_the_at_go_by_smtputf8_and_others_do_not(tmp_path):
    with aiosmtpd(tmp_path) as (taker, port), a_channel(f"smtp://127.0.0.1:{port}?connections=1") as channel:
        receipts = send(channel, a_message(1, "ülf@example.org"), a_message(2), a_message(3, "a@bücher.example"))

    assert outcomes(receipts) == {Outcome.ACCEPTED}
    assert taker.recipients == ["ülf@example.org", "r2@example.org", "a@xn--bcher-kva.example"]
    assert taker.options == ["SMTPUTF8"]


# bad manners ---------------------------------------------------------------------------------------------------------------


def test_no_connection_carries_more_than_it_may_and_each_says_goodbye():
    with Peer() as peer, a_channel(f"{peer.url}?connections=2&most=5") as channel:
        receipts = send(channel, *map(a_message, range(42)))
        channel.close()

        assert outcomes(receipts) == {Outcome.ACCEPTED}
        assert peer.recipients() == sorted(f"r{number}@example.org" for number in range(42))
        assert max(peer.per_connection) <= 5
        used = [letters for letters in peer.per_connection if letters]
        assert peer.commands.count("QUIT") >= len(used)  # one that was opened and never needed may just be closed


@pytest.mark.parametrize("pipelining", [True, False])
def test_421_in_bursts_delays_and_costs_nobody(pipelining):
    left = {number: a_message(number) for number in range(40)}
    tired = {f"r{number}@example.org": "421 4.7.0 slow down" for number in range(0, 40, 7)}
    with (
        Peer(Script(pipelining=pipelining, at_rcpt=dict(tired))) as peer,
        a_channel(f"{peer.url}?connections=2") as channel,
    ):
        for _turn in range(60):
            for number, receipt in send_what_goes(channel, left).items():
                if receipt.outcome is Outcome.ACCEPTED:
                    del left[number]
                else:
                    assert receipt.outcome in (Outcome.NOT_HANDED, Outcome.TEMPORARY)
                    peer.script.at_rcpt.pop(f"r{number}@example.org", None)  # the burst is over
            if not left:
                break

    assert not left
    assert peer.twice() == []
    assert len(peer.letters) == 40


def send_what_goes(channel: EmailChannel, left: dict[int, Outgoing]) -> dict[int, Receipt]:
    """What a worker does: the server going away is no more than a pause."""
    receipts: dict[int, Receipt] = {}
    with contextlib.suppress(DeliveryError):
        for receipt in channel.send(list(left.values()), on_wire=lambda number: None):
            receipts[receipt.number] = receipt
    return receipts


@pytest.mark.parametrize("where", ["at_rcpt", "at_end"])
def test_not_now_for_a_third_of_them_is_said_of_exactly_these(where):
    busy = {f"r{number}@example.org": "451 4.3.0 later" for number in range(0, 90, 3)}
    with Peer(Script(**{where: busy})) as peer, a_channel(f"{peer.url}?connections=3") as channel:
        receipts = send(channel, *map(a_message, range(90)))

    later = {number for number, receipt in receipts.items() if receipt.outcome is Outcome.TEMPORARY}
    assert later == set(range(0, 90, 3))
    assert len(peer.letters) == 60


def test_a_greeting_that_says_421_is_no_fault_of_any_message():
    with (
        Peer(Script(greeting="421 4.3.2 too busy")) as peer,
        a_channel(peer.url) as channel,
        pytest.raises(DeliveryError) as refusal,
    ):
        send(channel, a_message(1))

    assert refusal.value.retry
    assert "421" in str(refusal.value)


@contextlib.contextmanager
def a_rude_server(*answers: bytes) -> Iterator[int]:
    """Says one thing per line it hears, then falls silent; never hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                kept.append(connection)
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(answers[0])
            heard = connection.makefile("rb")
            for answer in answers[1:]:
                heard.readline()
                connection.sendall(answer)
            threading.Event().wait(10)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for connection in kept:
            connection.close()


@pytest.mark.parametrize(
    ("answers", "query"),
    [
        ((b"220 hi\r\n", b"250-me\r\n250 STARTTLS\r\n", b"220 go\r\n", b"this is no TLS\r\n"), "?starttls=1"),
        ((b"220 hi\r\n", b"250 me\r\n"), ""),  # silent after EHLO
        ((b"",), ""),  # never greets
        ((b"SSH-2.0-OpenSSH\r\n",), ""),
        ((b"220 hi\r\n", b"250 me\r\n", b"\xff\xfe\x00 garbage\r\n"), ""),
        ((b"220 hi\r\n", b"250 me\r\n", b"250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n"), ""),  # out of turn
    ],
)
def test_a_server_out_of_its_mind_gets_nothing_and_stops_nobody_for_long(answers, query):
    patience = Patience(connect=1, command=1, data=1, block=1, final_dot=1)
    with a_rude_server(*answers) as port:
        channel = EmailChannel(
            Account.from_url(f"smtp://127.0.0.1:{port}{query}"), hello="test.example", patience=patience
        )
        receipts: dict[int, Receipt] = {}
        with pytest.raises(DeliveryError):
            receipts.update({one.number: one for one in channel.send([a_message(1)], on_wire=lambda number: None)})
        channel.close()

    assert outcomes(receipts) <= {Outcome.NOT_HANDED, Outcome.LOST}
