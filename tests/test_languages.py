"""Every sentence exists in Dutch."""

import re
from collections.abc import Iterator

from run.messages import messages, read_known, untranslated


def test_every_sentence_of_code_and_templates_is_in_the_dutch_catalogue():
    known = {(message.id, message.context) for message in read_known()}

    missing = sorted({str(msgid) for msgid, context in messages() if (msgid, context) not in known})

    assert missing == [], "run `make messages`"


def test_no_sentence_of_the_dutch_catalogue_is_empty():
    assert list(untranslated(read_known())) == []


def test_the_dutch_keeps_the_placeholders_of_the_english():
    changed = [text for text, dutch in sentences() if placeholders(text) != placeholders(dutch)]

    assert changed == []


def test_the_dutch_begins_and_ends_as_the_english():
    """Sentences stand beside others: a full stop, a colon or a space that is lost shows on the page."""
    changed = [text for text, dutch in sentences() if ending(text) != ending(dutch)]

    assert changed == []


def sentences() -> Iterator[tuple[str, str]]:
    """Yield English and Dutch, of a plural both forms after one another."""
    for message in read_known():
        if message.id and message.string:
            yield as_text(message.id), as_text(message.string)


def ending(text: str) -> tuple[bool, str]:
    found = re.search(r"([.:?!]?)[’”\"]?(\s*)$", text)
    return text[:1].isspace(), "".join(found.groups()) if found else ""


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w*\}", text))


def as_text(value: str | list[str] | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else " ".join(value)
