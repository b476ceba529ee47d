"""What De Werkbank writes: the blocks of its mailings (mailings.rendering.blocks reads them). Pure."""

from typing import Any

SITE = "https://dewerkbank.example"
STYLE = {"accent": "#8a3b12", "page": "#f4f2ee", "paper": "#ffffff", "ink": "#2a2622", "font": "sans"}
GREETING = "<p>Dear [[customer.firstname|friend]],</p>"

type Content = dict[str, Any]


def content(*blocks: Content, template: str = "", language: str = "en") -> Content:
    """A mail of these blocks, numbered from above."""
    numbered = [{"id": f"block{number}", **block} for number, block in enumerate(blocks, start=1)]
    return {"template": template, "language": language, "style": STYLE, "blocks": numbered}


def heading(text: str, level: int = 1) -> Content:
    return {"kind": "heading", "text": text, "level": level}


def text(html: str) -> Content:
    return {"kind": "text", "html": html}


def button(words: str, page: str) -> Content:
    return {"kind": "button", "text": words, "url": f"{SITE}/{page}"}


def image(pictures: str, name: str, alt: str) -> Content:
    return {"kind": "image", "url": f"{pictures}{name}", "alt": alt}


def link(words: str, page: str) -> str:
    return f'<a href="{SITE}/{page}">{words}</a>'


DIVIDER: Content = {"kind": "divider"}


def empty(pictures: str) -> Content:
    return content()


def open_day(pictures: str, day: str) -> Content:
    return content(
        heading("De Werkbank", 3),
        image(pictures, "loods.png", "The Loods at dusk, lights on"),
        text(
            f"{GREETING}<p>Last year you came for the soup and stayed for the lathe. On <strong>{day}</strong> the "
            "doors of the Loods are open again: forty apprentices, eleven teachers, one very old steam engine.</p>"
            f"<p>Bring a colleague from [[company.name|your team]]. {link('Here is the programme', 'open-day')}; any "
            "question goes to [[ourContact.name|us]].</p>"
        ),
        button("Yes, I am coming", "open-day/come"),
        DIVIDER,
        heading("For woodworkers", 3),
        text(f"<p>Dovetails with Teun, every hour on the hour. {link('See the bench plan', 'open-day/benches')}.</p>"),
        heading("For employers", 3),
        text(f"<p>Coffee with the graduates of this autumn. {link('Meet them', 'graduates')}.</p>"),
    )


def employers_report(pictures: str) -> Content:
    return content(
        heading("What we learned from 40 employers"),
        text(
            f"{GREETING}<p>They do not ask for diplomas. They ask for somebody who sweeps the floor without being told, "
            "and says so when a cut is wrong.</p>"
        ),
        button("40 employers, the report", "report-40-employers"),
        image(pictures, "bench.png", "A workbench with a hammer and a plane"),
        heading("Open day, in December", 2),
        text(f"<p>The steam engine runs again. {link('Open day, programme', 'open-day')}</p>"),
        heading("Feedback geven", 2),
        text(
            f"<p>Two days, eight people, no role play. {link('Course: Feedback geven', 'courses/feedback-geven')}</p>"
        ),
        heading("Teun: forty years of dovetails", 2),
        text(f"<p>“A joint does not lie.” {link('Interview with Teun', 'interview-teun')}</p>"),
        template="newsletter",
    )


def hands_that_think(pictures: str) -> Content:
    return content(
        heading("Hands that think"),
        text(
            f"{GREETING}<p>A hand learns a thing ten times before the head can explain it. This autumn three researchers "
            "measured that at our benches, with our apprentices.</p>"
        ),
        image(pictures, "bench.png", "A workbench with a hammer and a plane"),
        button("Read what they found", "hands-that-think"),
        text(
            f"<p>Also: {link('new places for January', 'enrol')}, and {link('the lathe is looking for a home', 'lathe')}.</p>"
        ),
        template="newsletter",
    )


def after_summer(pictures: str) -> Content:
    return content(
        heading("The Loods is open again"),
        text(
            f"{GREETING}<p>Fresh sawdust, a new fume hood, and twenty-eight people who start their second life as a "
            "joiner, a welder or a furniture maker.</p>"
        ),
        image(pictures, "loods.png", "The Loods at dusk, lights on"),
        button("Meet the autumn intake", "intake"),
        text(f"<p>{link('The calendar until Christmas', 'calendar')} · {link('Volunteers wanted', 'volunteers')}</p>"),
        template="newsletter",
    )


def breakfast(pictures: str) -> Content:
    return content(
        heading("Coffee, and what the CAO means"),
        text(
            f"{GREETING}<p>The new collective agreement changes the pay of apprentices from January. Over breakfast our "
            "lawyer tells [[company.name|you]] what that means, in twenty minutes.</p>"
            "<ul><li>Thursday, 7:30 to 9:00</li><li>The Loods, Havenstraat 14</li><li>Bring your questions</li></ul>"
        ),
        button("Keep a chair for me", "breakfast/come"),
        text(f"<p>Cannot come? {link('Get the summary', 'breakfast/summary')}.</p>"),
        template="invitation",
    )


def yearly_statement(pictures: str) -> Content:
    return content(
        heading("Thank you"),
        text(
            f"{GREETING}<p>Your gifts paid for eleven toolboxes this year, and for the evenings on which nobody has to go "
            "home at five.</p>"
        ),
        button("Your yearly statement", "statement"),
        text(f"<p>{link('What eleven toolboxes do', 'toolboxes')}</p>"),
    )


def seats_left(pictures: str) -> Content:
    return content(
        heading("Two seats left"),
        text(
            f"{GREETING}<p>Coaching for managers, one day, twelve people around one bench. Two seats are free, because "
            "somebody from the harbour had to sail.</p>"
        ),
        button("Take a seat", "courses/coaching"),
        text(f"<p>{link('The programme of the day', 'courses/coaching/programme')}</p>"),
        template="invitation",
    )


def vouchers(pictures: str) -> Content:
    return content(
        heading("A course for the price of lunch"),
        text(f"{GREETING}<p>Only this week: training vouchers for [[company.name|your company]].</p>"),
        button("Get the vouchers", "vouchers"),
    )


def roof(pictures: str) -> Content:
    return content(
        heading("A roof for forty apprentices"),
        image(pictures, "loods.png", "The Loods at dusk, lights on"),
        text(
            f"{GREETING}<p>It rains into the welding shop. Not much, and only when the wind is from the west; in Rotterdam "
            "that is on two days out of three.</p><p>The roof costs € 64,000. Half of it is there. With the other half "
            "forty apprentices weld in the dry this winter.</p>"
        ),
        button("Help with the roof", "roof"),
        text(f"<p>{link('The quotation, to the last screw', 'roof/quotation')}</p><p>Thank you, Marieke Vos</p>"),
    )


def appeal(pictures: str) -> Content:
    return content(
        heading("One gift, a whole year of craft"),
        text(f"{GREETING}<p>For what a bicycle costs, somebody learns a trade for a year. We can show you who.</p>"),
        button("Give a year", "year"),
    )


def dinner(pictures: str) -> Content:
    return content(
        heading("Soup, and who brings the pudding"),
        text(
            f"{GREETING}<p>On the last Thursday before Christmas the benches are tables again. We cook, you bring a bowl, "
            "and somebody who wants to see where you work.</p>"
        ),
        button("I come, and bring", "dinner/come"),
        text(f"<p>{link('Who sits where', 'dinner/tables')}</p>"),
        template="invitation",
    )
