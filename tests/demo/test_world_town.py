import email
import email.policy
import email.utils
from pathlib import Path

from tests.demo.worlds import a_mailbox, a_newsletter, a_website, a_world, eventually, send

FAST = ("--speed=1000000", "--at-least=0")


def test_a_delivery_report_reaches_the_envelope_sender(tmp_path: Path) -> None:
    with a_mailbox() as inbound, a_world(tmp_path, *FAST, "--dsn=1", "--inbound", inbound.address) as world:
        send(world, a_newsletter(), to="full@x.example", sender="b+token@bounces.example")

        eventually(lambda: inbound.mails)
        said = eventually(lambda: world.statistics().get("dsn") and world.statistics())

    (sender, recipient, content) = inbound.mails[0]
    report = email.message_from_bytes(content, policy=email.policy.default)
    words, status, returned = report.iter_parts()
    per_message, per_recipient = status.get_payload()
    assert (sender, recipient) == ("", "b+token@bounces.example")
    assert (report.get_content_type(), report["Content-Type"].params["report-type"]) == (
        "multipart/report",
        "delivery-status",
    )
    assert "full@x.example" in words.get_content()
    assert per_message["Reporting-MTA"].startswith("dns;")
    assert per_recipient["Final-Recipient"] == "rfc822; full@x.example"
    assert (per_recipient["Action"], per_recipient["Status"][0]) == ("failed", "5")
    assert per_recipient["Diagnostic-Code"].startswith("smtp; 55")
    assert "Message-ID: <1.1@bounces.example>" in returned.as_string()
    assert said["dsn"] == 1


def test_a_report_about_a_report_is_never_sent(tmp_path: Path) -> None:
    with a_mailbox() as inbound, a_world(tmp_path, *FAST, "--dsn=1", "--inbound", inbound.address) as world:
        send(world, a_newsletter(number=1), sender="")
        send(world, a_newsletter(number=2))

        eventually(lambda: inbound.mails)
        world.stop()

    assert len(inbound.mails) == 1


def test_a_complaint_reaches_the_envelope_sender_with_the_headers(tmp_path: Path) -> None:
    with a_mailbox() as inbound, a_website() as site:
        options = (*FAST, "--complaint=1", "--inbound", inbound.address, "--base-url", site.base_url)
        with a_world(tmp_path, *options) as world:
            send(world, a_newsletter(site.base_url), sender="b+token@bounces.example")

            (sender, recipient, content) = eventually(lambda: inbound.mails)[0]

    report = email.message_from_bytes(content, policy=email.policy.default)
    _, feedback, returned = report.iter_parts()
    assert (sender, recipient) == ("", "b+token@bounces.example")
    assert report["Content-Type"].params["report-type"] == "feedback-report"
    assert feedback.get_content_type() == "message/feedback-report"
    assert b"Feedback-Type: abuse" in content
    assert b"Original-Rcpt-To: <hanna@bakkerij.example>" in content
    assert "Message-ID: <1.1@bounces.example>" in returned.as_string()


def test_a_complaint_prefers_the_address_that_the_mail_names(tmp_path: Path) -> None:
    with a_mailbox() as inbound, a_website() as site:
        options = (*FAST, "--complaint=1", "--inbound", inbound.address, "--base-url", site.base_url)
        with a_world(tmp_path, *options) as world:
            send(world, a_newsletter(site.base_url, extra="CFBL-Address: fbl@b.example; report=arf\r\n"))

            (_, recipient, _) = eventually(lambda: inbound.mails)[0]

    assert recipient == "fbl@b.example"


def test_a_reader_loads_the_pictures_and_clicks_a_link_that_can_be_seen(tmp_path: Path) -> None:
    with a_website() as site, a_world(tmp_path, *FAST, "--click=1", "--base-url", site.base_url) as world:
        send(world, a_newsletter(site.base_url))

        eventually(lambda: world.statistics().get("clicks"))
        world.stop()

    asked = site.paths()
    assert "/o/token.gif" in asked
    assert asked - {"/o/token.gif"} <= {"/c/token/1?x=1&y=2", "/c/token/2"}
    assert {request.method for request in site.requests} == {"GET"}
    assert all(request.user_agent.startswith("Mozilla/5.0 (") for request in site.requests)
    assert len({request.source for request in site.requests}) == 1


def test_a_scanner_fetches_everything_at_once(tmp_path: Path) -> None:
    with a_website() as site, a_world(tmp_path, "--scanner=1", "--base-url", site.base_url) as world:
        send(world, a_newsletter(site.base_url))

        eventually(lambda: world.statistics().get("scans"))
        world.stop()

    everything = {"/o/token.gif", "/c/token/1?x=1&y=2", "/c/token/2", "/u/key/1"}
    assert site.paths("HEAD") == site.paths("GET") == everything
    assert site.paths("POST") == set()


def test_mail_privacy_loads_pictures_only(tmp_path: Path) -> None:
    with a_website() as site, a_world(tmp_path, "--prefetch=1", "--base-url", site.base_url) as world:
        send(world, a_newsletter(site.base_url))

        eventually(lambda: world.statistics().get("prefetches"))
        world.stop()

    assert [(request.path, request.user_agent) for request in site.requests] == [("/o/token.gif", "Mozilla/5.0")]


def test_somebody_unsubscribes_by_one_click(tmp_path: Path) -> None:
    with a_website() as site, a_world(tmp_path, *FAST, "--unsubscribe=1", "--base-url", site.base_url) as world:
        send(world, a_newsletter(site.base_url))

        eventually(lambda: world.statistics().get("unsubscribes"))
        world.stop()

    (post,) = [request for request in site.requests if request.method == "POST"]
    assert (post.path, post.body) == ("/u/key/1?m=t", "List-Unsubscribe=One-Click")


def test_the_catcher_sees_the_first_mail_and_a_sample(tmp_path: Path) -> None:
    with a_mailbox() as catcher, a_world(tmp_path, "--sample=0", "--catcher", catcher.address) as world:
        for number in range(3):
            send(world, a_newsletter(number=number), sender="b+x@b.example")

        eventually(lambda: catcher.mails)
        world.stop()

    assert [(sender, recipient) for sender, recipient, _ in catcher.mails] == [
        ("b+x@b.example", "hanna@bakkerij.example")
    ]
    assert catcher.mails[0][2].replace(b"\r\n", b"\n") == a_newsletter(number=0).replace(b"\r\n", b"\n")


def test_a_server_that_comes_back_misses_no_report(tmp_path: Path) -> None:
    with a_mailbox() as inbound:
        address = inbound.address
    with a_world(tmp_path, *FAST, "--dsn=1", "--inbound", address) as world:
        send(world, a_newsletter())
        eventually(lambda: world.statistics().get("unreachable"))

        with a_mailbox(address) as inbound:
            eventually(lambda: inbound.mails)
