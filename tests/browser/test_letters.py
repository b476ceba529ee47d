"""Letters by clicking: set up, looked at, printed, downloaded, posted."""

import pytest

from mailings.models import Mailing
from tests.mailings.factories import a_person, a_selection
from tests.mailings.letters.test_production import HOME, a_document, printed
from tests.mailings.letters.wordfiles import a_word_file, an_office

__all__ = ["an_office"]
pytest.importorskip("weasyprint", exc_type=OSError)
LETTER = a_word_file("[[letter.address]]", "Dear [[customer.firstname|friend]],", "Come to [[company.nmae]].")


def readers(people: int = 3) -> object:
    found = a_selection()
    for number in range(1, people + 1):
        a_person(f"p{number}@example.org", in_=found, **HOME | {"street": f"Kerkstraat {number}"})
    return found


def test_setup_content_and_confirm_of_letters_are_fit_to_be_seen_and_heard(author):
    mailing = a_document(readers())

    author.tour(f"/mailings/{mailing.pk}/setup/", "letters-setup")
    author.tour(f"/mailings/{mailing.pk}/confirm/", "letters-confirm")
    page = author.open(f"/mailings/{mailing.pk}/content/")
    page.frame_locator("iframe:not(.is-behind)").get_by_role("img", name="Page 1 of the letter to").wait_for()


def test_printed_letters_are_downloaded_split_and_marked_as_posted(author):
    mailing = printed(a_document(readers()))
    author.tour(f"/mailings/{mailing.pk}/?q=kerkstraat", "letters")
    page = author.open(f"/mailings/{mailing.pk}/")

    with page.expect_download() as told:
        page.get_by_role("link", name="Download the letters").click()
    assert told.value.suggested_filename.endswith(".pdf")
    page.get_by_label("Letters in each file").fill("2")
    page.get_by_role("button", name="Split").click()
    page.get_by_role("link", name="Letters 3 to 3").wait_for()
    page.get_by_role("button", name="Mark as posted").click()
    page.get_by_text("In the post since").wait_for()
    assert Mailing.objects.get().posted_at


@pytest.mark.usefixtures("an_office")
def test_a_letter_from_word_is_uploaded_and_its_pages_are_shown(author, settings, live_server):
    settings.BASE_URL = live_server.url
    mailing = a_document(readers(), content={})
    author.tour(f"/mailings/{mailing.pk}/template/", "letters-word-template")
    page = author.open(f"/mailings/{mailing.pk}/template/")
    page.get_by_label("Word file (.docx)").set_input_files(
        {"name": "Letter.docx", "mimeType": "application/octet-stream", "buffer": LETTER}
    )
    page.get_by_role("button", name="Use this file").click()

    page.get_by_role("heading", name="Fields in it").wait_for()
    page.frame_locator("iframe").get_by_role("img", name="Page 1 of the letter to").wait_for()
    author.tour(f"/mailings/{mailing.pk}/content/", "letters-word")
    page.frame_locator("iframe").get_by_role("img", name="Page 1 of the letter to").wait_for()
