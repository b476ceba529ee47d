"""Rendering: a newsletter filled in per recipient, beside Django's templates and message class; and compiling a mail."""

import itertools
from collections.abc import Iterator
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine, Template

from benchmarks.frame import Figure, Scale, interleaved, rate, seconds
from mailings.rendering import escaping
from mailings.rendering.blocks import Document
from mailings.rendering.compile import compile_letter
from mailings.rendering.drafts import Draft, Letter, draft
from mailings.rendering.pieces import Choice, Pieces, Slot

NAMES = ("Ada", "Grace", "Zoë", "Hanna", "Joost", "", "Margaret", "Katherine")


def figures(scale: Scale) -> Iterator[Figure]:
    letter = a_newsletter()
    compiled = compile_letter(letter)
    people = [recipient(number) for number in range(2000)]
    ours, theirs = scale.pick(60_000, 6_000), scale.pick(1_200, 200)
    naive = Naive(draft(letter))

    def fast() -> None:
        for person in itertools.islice(itertools.cycle(people), ours):
            compiled.render(person)

    def slow() -> None:
        for person in itertools.islice(itertools.cycle(people), theirs):
            naive.render(person)

    same(compiled.render(people[0]), naive.render(people[0]))
    medians = interleaved({"ours": lambda: rate(ours, fast), "theirs": lambda: rate(theirs, slow)}, rounds=5)
    words = "Django template + EmailMultiAlternatives"
    yield Figure("render.compiled", medians["ours"], "msg/s", medians["theirs"], words)

    long = a_long_mail()
    times = sorted(seconds(lambda: compile_letter(long)) * 1000 for _ in range(scale.pick(200, 40)))
    yield Figure("render.block_mail", times[len(times) // 2], "ms")


def same(one: bytes, other: bytes) -> None:
    """A comparison of two different mails would say nothing."""
    if not 0.8 < len(one) / len(other) < 1.25:
        raise SystemExit(f"the two mails differ: {len(one)} and {len(other)} octets")


def recipient(number: int) -> dict[str, object]:
    token = f"{number:032d}"
    return {
        "_to": f"reader{number}@example.org",
        "_name": NAMES[number % 8],
        "_token": token,
        "_open": token[::-1],
        "_unsubscribe": f"https://mail.example.org/u/{number:022d}/1/?m={token}",
        "_leave": f"u+{number:048x}@bounces.example.org",
        "_preferences": f"https://mail.example.org/p/{number:022d}/?m={token}",
        "_view": f"https://mail.example.org/v/{token}/",
        "_message_id": f"7.{number}@bounces.example.org",
        "_bounce": f"b+{number:048x}@bounces.example.org",
        "_date": "Mon, 23 Nov 2026 11:00:00 +0000",
        "customer.firstname": NAMES[number % 8],
        "customer.lastname": "van der Meer & Zn." if number % 5 == 0 else "Lovelace",
        "customer.language": "nl" if number % 2 else "en",
        "company.name": f"Company {number % 97}",
        "company.city": "Rotterdam",
        "ourContact.name": "Joost Bakker",
        "customer.email": f"reader{number}@example.org",
    }


def a_newsletter() -> Letter:
    """A newsletter of about 10 kB of HTML: 12 counted links, 7 variables, one condition."""
    links = " ".join(f'<a href="https://example.org/story/{number}">Story {number}</a>,' for number in range(9))
    words = "Last year you came for the soup and stayed for the lathe; this year the doors are open again. " * 3
    text = (
        "<p>Dear [[customer.firstname|friend]] [[customer.lastname]] of [[company.name|your team]] in"
        f" [[company.city|your town]],</p><p>{words}</p><p>{links}</p><p>{words}</p>"
        "<p>Questions go to [[ourContact.name|us]]; we write to you at [[customer.email]].</p>"
    )
    dutch = {"variable": "customer.language", "operator": "is", "value": "nl"}
    blocks: list[dict[str, Any]] = [
        {"kind": "heading", "text": "See it from the inside, [[customer.firstname|friend]]"},
        {"kind": "image", "url": "https://example.org/hall.png", "alt": "The hall", "link": "https://example.org/hall"},
        {"kind": "text", "html": text},
        {"kind": "button", "text": "Yes, I am coming", "url": "https://example.org/yes"},
        {
            "kind": "text",
            "html": '<p>Ook in het <a href="https://example.org/nl">Nederlands</a>.</p>',
            "only_if": dutch,
        },
    ]
    return a_letter(blocks)


def a_long_mail() -> Letter:
    """40 blocks of the usual kinds."""
    ten: list[dict[str, Any]] = [
        {"kind": "heading", "text": "A heading for [[customer.firstname|you]]"},
        {"kind": "text", "html": "<p>Some <strong>words</strong> and <a href='https://example.org/a'>a link</a>.</p>"},
        {"kind": "button", "text": "Read on", "url": "https://example.org/b"},
        {"kind": "divider"},
    ]
    return a_letter(ten * 10)


def a_letter(blocks: list[dict[str, Any]]) -> Letter:
    return Letter(
        document=Document.read({"language": "en", "blocks": blocks}),
        name="Newsletter",
        subject="See it from the inside, [[customer.firstname|friend]]",
        preheader="Soup included",
        from_name="De Werkbank",
        from_address="hello@example.org",
        number=7,
        subscription_code="newsletter",
        subscription_name="Newsletter",
        sender_name="De Werkbank",
        postal_address="Havenstraat 14, 3024 SC Rotterdam",
        base_url="https://mail.example.org",
        list_domain="example.org",
    )


class Naive:
    """How it is usually written: templates kept, one context and one message object per recipient."""

    def __init__(self, written: Draft) -> None:
        self.written = written
        engine = Engine()
        self.html = Template(source(written.html), engine=engine)
        self.text = Template("{% autoescape off %}" + source(written.text) + "{% endautoescape %}", engine=engine)
        self.subject = Template("{% autoescape off %}" + source(written.subject) + "{% endautoescape %}", engine=engine)

    def render(self, person: dict[str, object]) -> bytes:
        context = Context({name(key): value for key, value in person.items()})
        headers = {
            header.name: header.value or f"{header.before}{person[header.key]}{header.after}"
            for header in self.written.headers
            if header.name not in ("From", "MIME-Version")
        }
        message = EmailMultiAlternatives(
            self.subject.render(context),
            self.text.render(context),
            "De Werkbank <hello@example.org>",
            [str(person["_to"])],
            headers=headers,
        )
        message.attach_alternative(self.html.render(context), "text/html")
        return message.message().as_bytes()


def name(key: str) -> str:
    return "v" + key.replace(".", "_")


def source(pieces: Pieces) -> str:
    """Write pieces as a Django template."""
    parts = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
        elif isinstance(piece, Slot):
            urlencode = "|urlencode:''" if piece.context is escaping.Context.URL else ""
            fallback = f'|default:"{piece.fallback}"' if piece.fallback else ""
            parts.append(f"{{{{ {name(piece.key)}{fallback}{urlencode} }}}}")
        elif isinstance(piece, Choice):
            condition = f'{{% if {name(piece.condition.key)} == "{piece.condition.value}" %}}'
            parts.append(f"{condition}{source(piece.pieces)}{{% endif %}}")
    return "".join(parts)
