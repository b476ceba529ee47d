"""Every sentence exists in Dutch."""

import re

from run.messages import messages, read_known, untranslated


def test_every_sentence_of_code_and_templates_is_in_the_dutch_catalogue():
    known = {(message.id, message.context) for message in read_known()}

    missing = sorted({str(msgid) for msgid, context in messages() if (msgid, context) not in known})

    assert missing == [], "run `make messages`"


def test_no_sentence_of_the_dutch_catalogue_is_empty():
    assert list(untranslated(read_known())) == []


def test_the_dutch_keeps_the_placeholders_of_the_english():
    lost = [
        str(message.id)
        for message in read_known()
        if message.id and placeholders(as_text(message.string)) - placeholders(as_text(message.id))
    ]

    assert lost == []


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w*\}", text))


def as_text(value: str | list[str] | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else " ".join(value)
