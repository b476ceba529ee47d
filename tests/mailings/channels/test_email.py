"""The SMTP channel against servers that behave, refuse, vanish and stall."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from mailings.channels import DeliveryError, Outcome, Outgoing, Receipt
from mailings.channels.email import EmailChannel
from mailings.channels.smtp import Account, Patience
from tests.mailings.peer import Peer, Script

QUICK = Patience(connect=2, command=1, data=1, block=1, final_dot=1)


def a_message(number: int, recipient: str = "", body: bytes = b"") -> Outgoing:
    text = body or b"Subject: nr %d\r\nMessage-ID: <%d@test>\r\n\r\nhello\r\n" % (number, number)
    return Outgoing(number, f"b{number}@bounces.test", recipient or f"r{number}@example.org", text)


@contextlib.contextmanager
def a_channel(
    peer: Peer, *, connections: int = 2, patience: Patience = QUICK, query: str = ""
) -> Iterator[EmailChannel]:
    channel = EmailChannel(
        Account.from_url(f"{peer.url}?connections={connections}{query}"), hello="test.example", patience=patience
    )
    try:
        yield channel
    finally:
        channel.close()


def send(channel: EmailChannel, *messages: Outgoing) -> dict[int, Receipt]:
    receipts = list(channel.send(messages, on_wire=lambda number: None))
    assert len(receipts) == len({receipt.number for receipt in receipts}), "one receipt each"
    return {receipt.number: receipt for receipt in receipts}


def outcomes(receipts: dict[int, Receipt]) -> dict[int, Outcome]:
    return {number: receipt.outcome for number, receipt in receipts.items()}


@pytest.mark.parametrize("pipelining", [True, False])
def test_everything_arrives_once_whether_the_server_pipelines_or_not(pipelining: bool) -> None:
    with Peer(Script(pipelining=pipelining)) as peer, a_channel(peer, connections=4) as channel:
        receipts = send(channel, *[a_message(number) for number in range(200)])

        assert set(outcomes(receipts).values()) == {Outcome.ACCEPTED}
        assert peer.recipients() == sorted(f"r{number}@example.org" for number in range(200))
        assert peer.twice() == []


def test_connections_are_kept_between_batches_and_never_more_than_allowed() -> None:
    with Peer() as peer, a_channel(peer, connections=3) as channel:
        for start in range(0, 300, 100):
            send(channel, *[a_message(start + number) for number in range(100)])

        assert len(peer.letters) == 300
        assert peer.connections <= 3


def test_one_message_needs_one_connection() -> None:
    with Peer() as peer, a_channel(peer, connections=4) as channel:
        send(channel, a_message(1))

        assert peer.connections == 1


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("script", "outcome", "code"),
    [
        ({"at_rcpt": {"bad@example.org": "550 5.1.1 no such user"}}, Outcome.REFUSED, 550),
        ({"at_rcpt": {"bad@example.org": "450 4.2.0 greylisted"}}, Outcome.TEMPORARY, 450),
        ({"at_mail": {"b5@bounces.test": "553 5.1.8 not you"}}, Outcome.REFUSED, 553),
        ({"at_data": {"bad@example.org": "451 4.3.0 not now"}}, Outcome.TEMPORARY, 451),
        ({"at_end": {"bad@example.org": "554 5.7.1 spam"}}, Outcome.REFUSED, 554),
        ({"at_end": {"bad@example.org": "452 4.3.1 full"}}, Outcome.TEMPORARY, 452),
        ({"at_end": {"bad@example.org": "take and drop"}}, Outcome.LOST, 0),
        ({"at_data": {"bad@example.org": "drop"}}, Outcome.NOT_HANDED, 0),
        ({"at_rcpt": {"bad@example.org": "421 4.7.0 slow down"}}, Outcome.NOT_HANDED, 0),
    ],
)
def test_one_bad_message_never_harms_its_neighbours(
    script: dict[str, dict[str, str]], outcome: Outcome, code: int, *, pipelining: bool
) -> None:
    messages = [a_message(number) for number in range(5)] + [a_message(5, "bad@example.org")]
    messages += [a_message(number) for number in range(6, 12)]
    with Peer(Script(pipelining=pipelining, **script)) as peer, a_channel(peer, connections=1) as channel:
        receipts = send(channel, *messages)
        again = [message for message in messages if receipts[message.number].outcome is Outcome.NOT_HANDED]
        neighbours = send(channel, *[message for message in again if message.number != 5])

    assert receipts[5].outcome is outcome
    assert receipts[5].code == code
    assert len(again) <= 2, "the bad one, and at most the one announced behind it"
    assert set(outcomes(receipts | neighbours | {5: Receipt(5, Outcome.ACCEPTED)}).values()) == {Outcome.ACCEPTED}
    assert peer.twice() == []
    assert {f"r{number}@example.org" for number in range(12) if number != 5} <= set(peer.recipients())


def test_the_answer_is_kept_in_the_servers_words() -> None:
    script = Script(at_rcpt={"bad@example.org": "550-5.1.1 The account does not exist.\r\n550 5.1.1 Try another"})
    with Peer(script) as peer, a_channel(peer) as channel:
        receipts = send(channel, a_message(1, "bad@example.org"))

    assert receipts[1].answer == "550 5.1.1 The account does not exist. 5.1.1 Try another"


def test_a_message_is_announced_to_the_journal_before_it_leaves_and_answered_in_order() -> None:
    story: list[str] = []

    def going(number: int) -> None:
        story.append(f"going {number}")

    with Peer() as peer, a_channel(peer, connections=1) as channel:
        for receipt in channel.send(map(a_message, range(50)), on_wire=going):
            story += [f"gone {receipt.number}"]

    assert story == [f"{word} {number}" for number in range(50) for word in ("going", "gone")]


def test_messages_are_made_only_when_a_connection_is_about_to_need_them() -> None:
    made: list[int] = []

    def batch() -> Iterator[Outgoing]:
        for number in range(100):
            made.append(number)
            yield a_message(number)

    with Peer() as peer, a_channel(peer, connections=2) as channel:
        for receipt in channel.send(batch(), on_wire=lambda number: None):
            assert receipt.outcome is Outcome.ACCEPTED
            assert len(made) <= len(peer.letters) + 4


@pytest.mark.parametrize(
    "recipient", ["a b@example.org", "a@example.org>\r\nRCPT TO:<c@example.org", "nobody", "ülf@example.org", ""]
)
def test_what_is_no_envelope_address_never_reaches_the_wire(recipient: str) -> None:
    bad = a_message(2)._replace(recipient=recipient)
    with Peer() as peer, a_channel(peer) as channel:
        receipts = send(channel, a_message(1), bad, a_message(3))

    assert outcomes(receipts) == {1: Outcome.ACCEPTED, 2: Outcome.REFUSED, 3: Outcome.ACCEPTED}
    assert peer.recipients() == ["r1@example.org", "r3@example.org"]


def test_a_line_with_only_a_dot_does_not_end_the_message() -> None:
    body = b"Subject: x\r\n\r\n.\r\n..two\n.\nMAIL FROM:<x@y.z>\r\nend\r\n"
    with Peer() as peer, a_channel(peer) as channel:
        receipts = send(channel, a_message(1, body=body), a_message(2))

    assert set(outcomes(receipts).values()) == {Outcome.ACCEPTED}
    assert next(letter.content for letter in peer.letters if letter.recipient == "r1@example.org") == body


def test_a_server_that_closes_after_some_messages_costs_nobody_anything() -> None:
    left = {number: a_message(number) for number in range(60)}
    with Peer(Script(most_per_connection=7)) as peer, a_channel(peer, connections=2) as channel:
        while left:
            for number, receipt in send(channel, *left.values()).items():
                assert receipt.outcome in (Outcome.ACCEPTED, Outcome.NOT_HANDED)
                if receipt.outcome is Outcome.ACCEPTED:
                    del left[number]

    assert len(peer.letters) == 60
    assert peer.twice() == []


def test_a_kept_connection_that_went_away_is_replaced_without_a_word() -> None:
    with Peer() as peer, a_channel(peer, connections=1) as channel:
        send(channel, a_message(1))
        port = peer.port
        peer.close()
        with Peer(port=port) as successor:
            receipts = send(channel, a_message(2))

            assert outcomes(receipts) == {2: Outcome.ACCEPTED}
            assert len(successor.letters) == 1


def test_a_server_that_never_answers_the_final_dot_leaves_the_message_unknown() -> None:
    beats: list[int] = []
    receipts: list[Receipt] = []
    with Peer(Script(delay=30)) as peer, a_channel(peer, connections=1) as channel, pytest.raises(DeliveryError):
        receipts.extend(
            channel.send(map(a_message, range(1, 4)), on_wire=lambda number: None, meanwhile=lambda: beats.append(1))
        )

    assert {receipt.number: receipt.outcome for receipt in receipts} == {1: Outcome.LOST, 2: Outcome.NOT_HANDED}
    assert beats, "the lease was kept meanwhile"


def test_nobody_listening_is_said_once_and_touches_no_message() -> None:
    taken: list[Outgoing] = []
    with Peer() as peer:
        url = peer.url

    channel = EmailChannel(Account.from_url(url), hello="test.example", patience=QUICK)
    with pytest.raises(DeliveryError) as refusal:
        list(channel.send((taken.append(m) or m for m in [a_message(1)]), on_wire=lambda number: None))
    channel.close()

    assert refusal.value.retry
    assert taken == []


def test_a_refused_login_needs_a_person_not_time() -> None:
    with Peer(Script(login=("ada", "secret"))) as peer:
        right = EmailChannel(Account.from_url(f"smtp://ada:secret@127.0.0.1:{peer.port}"), hello="x", patience=QUICK)
        wrong = EmailChannel(Account.from_url(f"smtp://ada:wrong@127.0.0.1:{peer.port}"), hello="x", patience=QUICK)

        assert outcomes(send(right, a_message(1))) == {1: Outcome.ACCEPTED}
        with pytest.raises(DeliveryError) as refusal:
            send(wrong, a_message(2))
        right.close()
        wrong.close()

    assert not refusal.value.retry
    assert "535" in str(refusal.value)


def test_a_peer_that_does_not_speak_smtp_is_not_trusted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        channel = EmailChannel(
            Account("127.0.0.1", listener.getsockname()[1]), hello="x", patience=Patience(connect=0.3)
        )
        with pytest.raises(DeliveryError):
            send(channel, a_message(1))
        channel.close()


@pytest.mark.parametrize(
    ("url", "account"),
    [
        ("smtp://mail.example.org", Account("mail.example.org", 25)),
        ("smtps://mail.example.org", Account("mail.example.org", 465, tls=True)),
        ("smtp://u%40x:p%3Aw@h:587?starttls=1&connections=8", Account("h", 587, "u@x", "p:w", False, True, 8)),
    ],
)
def test_an_account_is_read_from_one_address(url: str, account: Account) -> None:
    assert Account.from_url(url) == account


@pytest.mark.parametrize("url", ["", "mail.example.org:25", "http://mail.example.org", "smtp://"])
def test_an_address_that_is_none_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL must look like"):
        Account.from_url(url)
