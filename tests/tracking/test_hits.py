"""Redirect and pixel: they lead on, write one line, and give nothing to those who guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.factories import a_link, a_server, ask
from tracking import journal, tokens
from tracking.models import Event

CLICK = tokens.make("click", 7, 4711)
OPEN = tokens.make("open", 7, 4711)


@pytest.fixture
def server(tmp_path):
    server = a_server(tmp_path)
    yield server
    server.close()


@pytest.mark.django_db
def test_a_click_leads_to_the_link_and_is_written_down(server, tmp_path):
    a_link(mailing=7, number=2, url="https://example.org/ünï?q=a b")

    status, headers, body = ask(server, f"/c/{CLICK}/2", user_agent="Firefox", referer="https://mail.example.org/")

    assert (status, body) == ("302 Found", b"")
    assert headers["Location"] == "https://example.org/%C3%BCn%C3%AF?q=a%20b"
    assert "no-store" in headers["Cache-Control"]
    journal.ingest(tmp_path)
    event = Event.objects.get()
    assert (event.kind, event.mailing, event.message, event.link) == ("click", 7, 4711, 2)
    assert (event.method, event.ip, event.user_agent) == ("GET", "192.0.2.1", "Firefox")
    assert event.referer == "https://mail.example.org/"


@pytest.mark.django_db
def test_a_form_of_ours_is_told_who_comes_and_nobody_else_is(server, settings):
    settings.BASE_URL = "https://post.example.org"
    a_link(mailing=7, number=1, url="https://post.example.org/f/abc/?lang=nl#two")
    a_link(mailing=7, number=2, url="https://post.example.org.evil.example/f/abc/")

    _status, headers, _body = ask(server, f"/c/{CLICK}/1")
    address, _sign, place = headers["Location"].partition("#")
    assert place == "two"
    assert address.startswith("https://post.example.org/f/abc/?lang=nl&_from=")
    assert tokens.read("form", address.partition("_from=")[2]) == (7, 4711)

    assert ask(server, f"/c/{CLICK}/2")[1]["Location"] == "https://post.example.org.evil.example/f/abc/"
    tester = tokens.make("click", 7, tokens.TEST)
    assert ask(server, f"/c/{tester}/1")[1]["Location"] == "https://post.example.org/f/abc/?lang=nl#two"


@pytest.mark.django_db
def test_an_open_gets_a_dot_of_43_bytes(server, tmp_path):
    status, headers, body = ask(server, f"/o/{OPEN}", sec_purpose="prefetch")

    assert (status, headers["Content-Type"], len(body)) == ("200 OK", "image/gif", 43)
    journal.ingest(tmp_path)
    assert [(e.kind, e.fetched_for) for e in Event.objects.all()] == [("open", "prefetch")]


@pytest.mark.django_db
def test_the_hidden_link_leads_nowhere_and_is_written_down(server, tmp_path):
    status, headers, body = ask(server, f"/c/{CLICK}/0")

    assert (status, headers.get("Location"), body) == ("204 No Content", None, b"")
    journal.ingest(tmp_path)
    assert [(event.kind, event.link) for event in Event.objects.all()] == [("trap", None)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        f"/c/{OPEN}/1",  # a token for another purpose
        f"/o/{CLICK}",
        f"/o/{OPEN[:-1]}",  # cut
        f"/o/{OPEN}/",
        f"/c/{CLICK}",
        f"/c/{CLICK}/",
        f"/c/{CLICK}/9",  # no such link
        f"/c/{CLICK}/01",
        f"/c/{CLICK}/1/https://evil.example",
        f"/c/{CLICK}/-1",
        f"/c/{CLICK}/٢",
        f"/c/{CLICK}/99999999999999999999",
        f"/c/{CLICK[:-4]}AAAA/1",
        "/c/",
        "/o/",
    ],
)
def test_what_is_not_ours_gets_one_answer_and_leaves_no_trace(server, tmp_path, path):
    a_link(mailing=7, number=1)

    assert ask(server, path) == ("404 Not Found", {}, b"no such page")
    assert journal.ingest(tmp_path) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", "data:text/html,x", "file:///etc/passwd"])
def test_only_web_addresses_are_led_to(server, url):
    a_link(mailing=7, number=1, url=url)

    assert ask(server, f"/c/{CLICK}/1")[0] == "404 Not Found"


@pytest.mark.django_db
def test_a_line_break_in_a_target_cannot_become_a_header(server):
    a_link(mailing=7, number=1, url="https://example.org/\r\nSet-Cookie: a=b")

    assert ask(server, f"/c/{CLICK}/1")[1]["Location"] == "https://example.org/%0D%0ASet-Cookie:%20a=b"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["POST", "OPTIONS", "PUT", "DELETE"])
def test_only_get_and_head_are_answered(server, tmp_path, method):
    assert ask(server, f"/o/{OPEN}", method)[0] == "404 Not Found"
    assert journal.ingest(tmp_path) == 0


@pytest.mark.django_db
def test_head_has_no_body_and_is_written_down_as_head(server, tmp_path):
    assert ask(server, f"/o/{OPEN}", "HEAD")[2] == b""

    journal.ingest(tmp_path)
    assert Event.objects.get().method == "HEAD"


@pytest.mark.django_db
def test_a_test_send_leads_on_and_is_not_counted(server, tmp_path):
    a_link(mailing=7, number=1)

    assert ask(server, f"/c/{tokens.make('click', 7, tokens.TEST)}/1")[0] == "302 Found"
    assert ask(server, f"/o/{tokens.make('open', 7, tokens.TEST)}")[0] == "200 OK"

    assert journal.ingest(tmp_path) == 0


@pytest.mark.django_db
def test_a_draft_that_changed_sends_its_testers_to_the_new_target(server):
    link, token = a_link(mailing=7, number=1), tokens.make("click", 7, tokens.TEST)
    ask(server, f"/c/{token}/1")

    link.url = "https://example.org/new"
    link.save()

    assert ask(server, f"/c/{token}/1")[1]["Location"] == "https://example.org/new"


@pytest.mark.django_db
def test_the_database_is_asked_once_per_mailing(server, django_assert_num_queries):
    a_link(mailing=7, number=1)
    a_link(mailing=7, number=2)

    with django_assert_num_queries(1):
        for number in (1, 2, 1):
            assert ask(server, f"/c/{CLICK}/{number}")[0] == "302 Found"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("proxies", "forwarded", "ip"),
    [
        (0, "203.0.113.9", "192.0.2.1"),  # nobody of ours wrote that
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9", "198.51.100.7"),
        (1, "", None),
        (1, "nonsense", None),
    ],
)
def test_a_forwarded_address_counts_only_behind_our_own_proxies(tmp_path, proxies, forwarded, ip):
    server = a_server(tmp_path, proxies)

    ask(server, f"/o/{OPEN}", x_forwarded_for=forwarded)

    server.close()
    journal.ingest(tmp_path)
    assert Event.objects.get().ip == ip


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=400))
def test_whatever_a_browser_calls_itself_makes_one_readable_line(tmp_path_factory, agent):
    folder = tmp_path_factory.mktemp("hits")
    server = a_server(folder)

    ask(server, f"/o/{OPEN}", user_agent=agent, referer=agent)

    server.close()
    (file,) = folder.glob("*.log")
    (line,) = file.read_bytes().removesuffix(b"\n").split(b"\n")
    assert journal.parse("x:0", line).message == 4711


SHORT = tokens.short_maker()(7, 4711, 2)


@pytest.mark.django_db
def test_a_short_link_leads_to_the_link_and_is_written_down(server, tmp_path):
    a_link(mailing=7, number=2, url="https://example.org/open-day")

    status, headers, _body = ask(server, f"/s/{SHORT}")

    assert (status, headers["Location"]) == ("302 Found", "https://example.org/open-day")
    journal.ingest(tmp_path)
    event = Event.objects.get()
    assert (event.kind, event.mailing, event.message, event.link) == ("click", 7, 4711, 2)


@pytest.mark.django_db
def test_on_the_short_domain_the_token_stands_alone(tmp_path):
    a_link(mailing=7, number=2, url="https://example.org/open-day")
    server = a_server(tmp_path, short_host="duif.example")

    assert ask(server, f"/{SHORT}", host="duif.example")[0] == "302 Found"
    assert ask(server, f"/{SHORT}", host="post.example")[0] == "404 Not Found"
    assert ask(server, "/people/", host="duif.example")[0] == "404 Not Found"
    server.close()


@pytest.mark.django_db
@pytest.mark.parametrize("token", [SHORT[:-1], SHORT[::-1], "0" * 16, "z" * 16, f"{SHORT}/", SHORT.swapcase()])
def test_a_guessed_short_link_leads_nowhere_and_leaves_no_trace(server, tmp_path, token):
    a_link(mailing=7, number=2)

    assert ask(server, f"/s/{token}")[0] == "404 Not Found"
    journal.ingest(tmp_path)
    assert not Event.objects.exists()
