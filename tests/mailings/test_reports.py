"""The report pages: figures with their people behind them, in few queries, and the evidence readable."""

import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from mailings import reports, slices, statistics
from mailings.models import Mailing
from mailings.slices import Slice
from recipients.models import Selection
from tests.mailings.factories import an_author
from tests.mailings.returns import LATER, a_message, a_reader, a_sent_mailing, fold, it_happened
from tests.tracking.factories import a_link
from tracking import postbox, tokens

pytestmark = pytest.mark.django_db
TABS = ["", "messages/", "links/", "bounces/", "as-sent/"]


@pytest.fixture
def marieke(client):
    client.force_login(an_author())
    return client


def a_lively_mailing(readers: int = 4) -> Mailing:
    mailing = a_sent_mailing()
    a_link(mailing=mailing.pk, number=1, name="The report")
    for number in range(readers):
        message = a_message(mailing, person=a_reader(f"Reader {number}"))
        it_happened(message, "open", after=60)
        it_happened(message, "click", after=90, link=1)
    a_message(mailing, person=a_reader("Held Back"), state="held", reason="no_consent")
    it_happened(a_message(mailing, person=a_reader("Bounced Away")), "bounce", category="full", detail="552 full up")
    fold()
    statistics.refresh(mailing, now=LATER)
    return mailing


def test_the_summary_says_it_in_a_sentence_and_adds_up(marieke):
    mailing = a_lively_mailing()

    page = marieke.get(f"/mailings/{mailing.pk}/").content.decode()

    assert "4 people opened it" in page
    assert "100.0% of the 4 who got it" in page
    assert "5 sent + 1 held + 0 failed + 0 unknown + 0 cancelled + 0 waiting = 6" in page
    assert f'href="/mailings/{mailing.pk}/messages/?did=opened"' in page
    assert f'href="/mailings/{mailing.pk}/messages/?state=held"' in page
    assert "Show as a table" in page


def test_every_number_of_the_summary_opens_as_many_people_as_it_says(marieke):
    mailing = a_lively_mailing()
    page = marieke.get(f"/mailings/{mailing.pk}/").content.decode()
    doors = set(re.findall(r'<a class="nlnk[^"]*" href="(/mailings/\d+/messages/[^"]*)">(\d+)</a>', page))

    assert len(doors) >= 8
    for url, number in doors:
        found = marieke.get(url).context["page"].rows
        assert len(found) == int(number), url


def test_a_refreshing_summary_asks_for_the_figures_only(marieke):
    mailing = a_lively_mailing()

    fragment = marieke.get(f"/mailings/{mailing.pk}/", headers={"HX-Request": "true"}).content.decode()

    assert fragment.strip().startswith('<div id="figures"')


@pytest.mark.parametrize("tab", TABS)
def test_tabs_cost_the_same_queries_for_few_and_many(marieke, tab, django_assert_max_num_queries):
    mailing = a_lively_mailing(readers=30)
    marieke.get(f"/mailings/{mailing.pk}/{tab}")

    with django_assert_max_num_queries(15):
        assert marieke.get(f"/mailings/{mailing.pk}/{tab}").status_code == 200


@pytest.mark.parametrize("tab", TABS)
def test_no_tab_counts_messages_or_events_to_show_a_figure(marieke, tab):
    mailing = a_lively_mailing()

    with CaptureQueriesContext(connection) as caught:
        marieke.get(f"/mailings/{mailing.pk}/{tab}")

    asked = [query["sql"] for query in caught.captured_queries]
    assert not [sql for sql in asked if "COUNT(" in sql.upper() and re.search("mailings_message|tracking_event", sql)]


@pytest.mark.parametrize(
    "query",
    ["", "?state=held", "?state=held&reason=no_consent", "?did=bounced&reason=full", "?link=1", "?did=opened_only"],
)
def test_a_list_has_its_total_from_the_figures_and_it_is_true(marieke, query):
    mailing = a_lively_mailing()
    slice_ = Slice.asked(mailing, QueryDict(query.lstrip("?")).dict())

    known = reports.known_total(reports.of(Mailing.objects.get(pk=mailing.pk)), slice_)

    assert known == slices.messages(slice_).count()


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("language", ["en", "nl"])
def test_tabs_of_a_mailing_without_anything_are_pages_too(marieke, tab, language):
    mailing = a_sent_mailing()
    marieke.cookies["django_language"] = language

    assert marieke.get(f"/mailings/{mailing.pk}/{tab}").status_code == 200


def test_drafts_lead_to_the_wizard(marieke):
    draft = Mailing.objects.create(name="Draft")

    assert marieke.get(f"/mailings/{draft.pk}/").headers["Location"].endswith("/setup/")


def test_while_it_is_sent_progress_comes_first_and_the_summary_beside_it(marieke):
    mailing = a_lively_mailing()
    Mailing.objects.filter(pk=mailing.pk).update(status="sending")

    progress = marieke.get(f"/mailings/{mailing.pk}/").content.decode()
    summary = marieke.get(f"/mailings/{mailing.pk}/summary/").content.decode()

    assert f'href="/mailings/{mailing.pk}/summary/"' in progress
    assert "4 people opened it" in summary
    assert 'hx-trigger="every 2s"' in summary


def test_a_held_recipient_has_its_reason_beside_it(marieke):
    mailing = a_lively_mailing()

    page = marieke.get(f"/mailings/{mailing.pk}/messages/?state=held").content.decode()

    assert "Held Back" in page
    assert "no_consent" not in page.partition("<tbody>")[2].partition("</tbody>")[0]  # words, not a code


def test_a_text_that_was_never_taken_is_not_among_those_that_came_back(marieke):
    mailing = a_sent_mailing(type="sms")
    it_happened(a_message(mailing, address="+31612345678", channel="sms"), "delivered", after=5)
    refused = a_message(mailing, address="+31612345679", channel="sms", state="failed", reason="block_sender")
    it_happened(refused, "bounce", category="block_sender")
    fold()
    statistics.refresh(mailing, now=LATER)

    page = marieke.get(f"/mailings/{mailing.pk}/summary/").content.decode()

    assert "1 of 1 arrived" in page
    assert "1 bounced" not in page
    assert "1 text message was refused because of us, not of its reader." in page


def test_a_letters_address_is_listed_as_it_stands_in_the_window(marieke):
    mailing = a_sent_mailing(type="document")
    postal = {
        "name": "Ada Lovelace",
        "street": "Sint Jacobsstraat 12",
        "postcode": "3511BS",
        "city": "Utrecht",
        "country": "NL",
    }
    a_message(mailing, address="sint jacobsstraat 12, 3511 bs utrecht, nl", channel="letter", data={"_postal": postal})

    page = marieke.get(f"/mailings/{mailing.pk}/messages/").content.decode()

    assert "Sint Jacobsstraat 12, 3511 BS UTRECHT" in page
    assert "sint jacobsstraat" not in page


def test_paging_shows_everybody_once(marieke):
    mailing = a_lively_mailing(readers=120)
    seen, url = [], f"/mailings/{mailing.pk}/messages/"
    while url:
        page = marieke.get(url).context["page"]
        seen += [message.pk for message in page.rows]
        url = page.next and f"/mailings/{mailing.pk}/messages/{page.next}"

    assert len(seen) == len(set(seen)) == 122


def test_those_who_clicked_go_to_a_new_selection(marieke):
    mailing = a_lively_mailing()

    answer = marieke.post(f"/mailings/{mailing.pk}/follow-up/", {"did": "clicked", "new_selection": "Warm readers"})

    selection = Selection.objects.get(name="Warm readers")
    assert answer.headers["Location"] == f"/selections/{selection.pk}/"
    assert selection.people.count() == 4


def test_ticked_recipients_go_alone(marieke):
    mailing = a_lively_mailing()
    one = mailing.messages.filter(state="sent").first()

    marieke.post(f"/mailings/{mailing.pk}/follow-up/", {"message": [one.pk], "new_selection": "One"})

    assert list(Selection.objects.get().people.all()) == [one.person]


@pytest.mark.parametrize("given", [{}, {"selection": "99999"}, {"new_selection": "x" * 500}])
def test_a_follow_up_without_a_list_says_so_and_adds_nobody(marieke, given):
    mailing = a_lively_mailing()

    page = marieke.post(f"/mailings/{mailing.pk}/follow-up/", given, follow=True)

    assert 'role="alert"' in page.content.decode()
    assert not Selection.objects.exists()


def test_the_mail_that_came_back_can_be_read(marieke):
    message = a_message(a_sent_mailing(), address="ada@example.org")
    raw = b"Subject: Undelivered\r\nFrom: MAILER-DAEMON@x\r\n\r\n<ada@example.org>: 550 5.1.1 no such user <script>x</script>\r\n"
    postbox.keep("", [tokens.return_path(message.mailing_id, message.pk)], raw, now=LATER)
    postbox.read(now=LATER)
    fold()

    page = marieke.get(f"/mailings/{message.mailing_id}/messages/{message.pk}/").content.decode()

    assert "550 5.1.1 no such user &lt;script&gt;" in page
    assert "No such mailbox." in page


def test_a_message_of_another_mailing_is_not_shown(marieke):
    message, other = a_message(a_sent_mailing()), a_sent_mailing()

    assert marieke.get(f"/mailings/{other.pk}/messages/{message.pk}/").status_code == 404


def test_reports_list_what_was_sent_with_rates_and_totals(marieke, django_assert_max_num_queries):
    for _ in range(12):
        a_lively_mailing(readers=1)

    with django_assert_max_num_queries(10):
        page = marieke.get("/reports/").content.decode()

    assert page.count("November newsletter") == 12
    assert "100.0%" in page


def test_reports_without_a_mailing_teach(marieke):
    assert "Nothing to report yet" in marieke.get("/reports/").content.decode()


@pytest.mark.parametrize("path", ["/mailings/1/", "/mailings/1/messages/", "/reports/"])
def test_strangers_are_asked_to_log_in(client, path):
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("query", ["state=nonsense", "reason=%27%3B--", "link=-1", "after=99999999999999999999"])
def test_a_mangled_address_is_answered(marieke, query):
    mailing = a_lively_mailing()

    assert marieke.get(f"/mailings/{mailing.pk}/messages/?{query}").status_code == 200
