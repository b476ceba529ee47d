"""Forms to begin with: in English and Dutch, each complete but for the subscriptions it is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from forms.definition import KINDS, Definition, Field, Option, Words, new_id


@dataclass(frozen=True, slots=True)
class Starter:
    """A form to begin with: its name, what it is for, an icon, and what the form is worth as evidence."""

    code: str
    name: str | Promise
    text: str | Promise
    icon: str
    make: Callable[[], Definition]
    source: str = "own_form"


def field(kind: str, name: str, nl: str, en: str, **more: object) -> Field:
    return Field(id=new_id(), kind=kind, name=name or KINDS[kind].name, label={"nl": nl, "en": en}, **more)  # type: ignore[arg-type]


def choices(*rows: tuple[str, str, str]) -> tuple[Option, ...]:
    return tuple(Option(value, {"nl": nl, "en": en}) for value, nl, en in rows)


def email() -> Field:
    return field("email", "", "E-mailadres", "E-mail address", required=True)


def names() -> tuple[Field, Field]:
    return (
        field("first_name", "", "Voornaam", "First name", is_half=True),
        field("last_name", "", "Achternaam", "Last name", is_half=True),
    )


def consent(nl: str, en: str) -> Field:
    return field("consent", "", nl, en)


def words(nl: str, en: str) -> Words:
    return {"nl": nl, "en": en}


def _form(title: Words, intro: Words, button: Words, thanks: Words, *fields: Field) -> Definition:
    return Definition(languages=("nl", "en"), title=title, intro=intro, button=button, thanks=thanks, fields=fields)


def newsletter() -> Definition:
    return _form(
        words("Meld je aan voor de nieuwsbrief", "Sign up for the newsletter"),
        words("Eén keer per maand, en je stopt wanneer je wilt.", "Once a month, and you stop whenever you like."),
        words("Meld mij aan", "Sign me up"),
        words("Fijn dat je meeleest.", "Good to have you with us."),
        *names(),
        email(),
        consent("Ja, stuur mij de nieuwsbrief", "Yes, send me the newsletter"),
    )


def event() -> Definition:
    return _form(
        words("Kom kijken", "Come and see"),
        words("Meld je aan, dan zetten we koffie.", "Sign up, and we put the kettle on."),
        words("Ja, ik kom", "Yes, I am coming"),
        words("Tot dan. We sturen je de plattegrond.", "See you then. We send you the map."),
        *names(),
        email(),
        field("company", "", "Bedrijf of school", "Company or school"),
        field(
            "radio",
            "people",
            "Met hoeveel kom je?",
            "How many are you?",
            required=True,
            options=choices(("1", "1", "1"), ("2", "2", "2"), ("3", "3", "3"), ("4", "4 of meer", "4 or more")),
        ),
        field("text", "diet", "Iets dat je niet eet?", "Anything you do not eat?"),
        consent("Stuur mij ook uitnodigingen voor volgende keren", "Send me invitations for next times, too"),
    )


def contact() -> Definition:
    return _form(
        words("Schrijf ons", "Write to us"),
        words("We antwoorden binnen twee werkdagen.", "We answer within two working days."),
        words("Versturen", "Send"),
        words("Je bericht is er. We laten van ons horen.", "Your message is here. You will hear from us."),
        *names(),
        email(),
        field("mobile", "", "Telefoon", "Phone"),
        field("area", "question", "Je vraag", "Your question", required=True),
    )


def download() -> Definition:
    return _form(
        words("Download de gids", "Download the guide"),
        words("We sturen je de gids per mail.", "We send you the guide by mail."),
        words("Stuur mij de gids", "Send me the guide"),
        words("Hij is onderweg.", "It is on its way."),
        *names(),
        email(),
        field("company", "", "Bedrijf", "Company"),
        consent("Houd mij op de hoogte van nieuwe gidsen", "Tell me about new guides"),
    )


def survey() -> Definition:
    return _form(
        words("Wat vond je ervan?", "What did you think of it?"),
        words("Drie vragen, één minuut.", "Three questions, one minute."),
        words("Versturen", "Send"),
        words("Dank je. Daar kunnen we iets mee.", "Thank you. That helps us."),
        field("rating", "rating", "Hoeveel sterren?", "How many stars?", required=True, maximum=5),
        field(
            "boxes",
            "liked",
            "Wat was goed?",
            "What was good?",
            options=choices(
                ("people", "De mensen", "The people"),
                ("content", "De inhoud", "The content"),
                ("food", "Het eten", "The food"),
            ),
        ),
        field("area", "better", "Wat kan beter?", "What could be better?"),
    )


def preference() -> Definition:
    return _form(
        words("Waar wil je over horen?", "What do you want to hear about?"),
        words("Kies zelf wat je krijgt.", "Choose what you get."),
        words("Bewaren", "Save"),
        words("Zo doen we het.", "That is what we will do."),
        email(),
        field("subscriptions", "", "Stuur mij", "Send me"),
    )


def competition() -> Definition:
    return _form(
        words("Doe mee en win", "Join and win"),
        words("Eén antwoord per persoon. De winnaar krijgt bericht.", "One answer each. The winner hears from us."),
        words("Doe mee", "Join"),
        words("Je doet mee. Duimen maar.", "You are in. Fingers crossed."),
        *names(),
        email(),
        field(
            "number",
            "guess",
            "Hoeveel duiven zitten er op het dak?",
            "How many pigeons sit on the roof?",
            required=True,
        ),
        field("box", "rules", "Ik heb de voorwaarden gelezen", "I have read the rules", required=True),
        consent("Stuur mij ook de nieuwsbrief", "Send me the newsletter, too"),
    )


def call_back() -> Definition:
    return _form(
        words("Bel mij terug", "Call me back"),
        words("Zeg wanneer het je past.", "Say when it suits you."),
        words("Bel mij", "Call me"),
        words("We bellen je.", "We will call you."),
        *names(),
        field("mobile", "", "Telefoon", "Phone", required=True),
        field(
            "dropdown",
            "when",
            "Wanneer?",
            "When?",
            required=True,
            options=choices(
                ("morning", "'s Ochtends", "In the morning"), ("afternoon", "'s Middags", "In the afternoon")
            ),
        ),
        field("text", "subject", "Waarover?", "About what?"),
    )


def empty() -> Definition:
    return Definition(languages=("nl", "en"), fields=(email(),))


_ROWS = (
    Starter(
        "newsletter",
        _("Newsletter sign-up"),
        _("A name, an address and a box."),
        "mail",
        newsletter,
        "newsletter_signup",
    ),
    Starter("event", _("Event"), _("Who comes, with how many, and what they eat."), "calendar-days", event),
    Starter("contact", _("Contact"), _("A question that somebody answers."), "message-square", contact),
    Starter("download", _("Download"), _("Something to read, for an address."), "download", download),
    Starter("survey", _("Survey"), _("Stars, boxes and room for words."), "star", survey),
    Starter("preference", _("Choices"), _("What somebody wants to hear about."), "list-checks", preference),
    Starter("competition", _("Competition"), _("A guess, the rules and a box."), "trophy", competition),
    Starter("call_back", _("Call back"), _("A number, and when to call it."), "phone", call_back),
    Starter("empty", _("Empty form"), _("Only an address; you add the rest."), "file", empty),
)
STARTERS: Mapping[str, Starter] = {row.code: row for row in _ROWS}


def begin(starter: Starter, language: str, types: tuple[int, ...]) -> Definition:
    """Make a starter's form, in one's own language first, about these subscription types."""
    made = starter.make()
    order = (language, *(code for code in made.languages if code != language))
    asked = tuple(replace(one, types=types) if one.kind in ("consent", "subscriptions") else one for one in made.fields)
    return replace(made, languages=order, fields=asked)
