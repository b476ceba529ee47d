"""A mailing goes out into the demo world and everything that world does to it comes back: real web server, workers,
beat, inbound port and world. Who does what is known beforehand, from the world's seed."""

from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from consent.models import Suppression
from demo.world import fates
from demo.world.fates import Answer, Behaviour, Shares
from mailings import lifecycle
from mailings.models import Mailing, Message
from tests.demo.worlds import a_free_port, a_world
from tests.flows.product import the_product
from tests.flows.station import wait_until
from tests.mailings.delivery.factories import a_crowd
from tests.mailings.factories import a_mailing

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

SHARES = Shares(
    unknown=0.06,
    deferred=0.06,
    dsn=0.08,
    open=0.5,
    click=0.3,
    scanner=0.2,
    prefetch=0.2,
    unsubscribe=0.05,
    complaint=0.03,
)
SEED = 7
FAST = ("--speed=2000", "--at-least=3", f"--seed={SEED}")  # a judge takes who opens within two seconds for a machine
CROWD = 160
SUBJECT = "See the workshop from the inside"
PAGES = "".join(f'<p><a href="https://dewerkbank.example/{number}">Page {number}</a></p>' for number in range(1, 6))
CONTENT = {"language": "en", "blocks": [{"id": "b1", "kind": "text", "html": f"<p>Dear reader,</p>{PAGES}"}]}


class Expected:
    """What the world will do with a mail of this subject, by address."""

    def __init__(self, addresses: list[str]) -> None:
        self.answers = {address: fates.answer(address, SHARES, seed=SEED) for address in addresses}
        self.behaviours: dict[str, Behaviour] = {
            address: fates.behaviour(address, SUBJECT, SHARES, seed=SEED)
            for address, answer in self.answers.items()
            if answer in (Answer.TAKE, Answer.DEFER)
        }

    def answering(self, *answers: Answer) -> set[str]:
        return {address for address, answer in self.answers.items() if answer in answers}

    def doing(self, what: str) -> set[str]:
        return {address for address, behaviour in self.behaviours.items() if getattr(behaviour, what)}


def those(mailing: Mailing, **conditions: object) -> set[str]:
    return set(Message.objects.filter(mailing=mailing, **conditions).values_list("address", flat=True))


def test_what_the_world_does_to_a_mailing_comes_back(tmp_path: Path, settings: Settings) -> None:
    settings.BASE_URL = f"http://127.0.0.1:{a_free_port()}"
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    inbound = f"127.0.0.1:{a_free_port()}"
    shares = [f"--{name}={value}" for name, value in vars(SHARES).items()]
    options = [*shares, *FAST, "--inbound", inbound, "--base-url", settings.BASE_URL]

    with a_world(tmp_path, *options) as world, the_product(tmp_path, world, settings, inbound) as station:
        mailing = lifecycle.start(
            a_mailing(to=a_crowd(CROWD, domain="x.example"), subject=SUBJECT, content=CONTENT),
            by=None,
            now=timezone.now(),
        )
        expected = Expected(sorted(those(mailing)))
        back = expected.answering(Answer.UNKNOWN, Answer.REPORT)

        def missing() -> dict[str, set[str]]:
            """What has not come back yet: as the pages show it, not as the world says it did."""
            wanted = {
                "bounced_at": back,
                "opened_at": calm(expected.doing("opens"), expected),
                "unsubscribed_at": expected.doing("unsubscribes"),
                "complained_at": expected.doing("complains"),
            }
            waits = {moment: who - those(mailing, **{f"{moment}__isnull": False}) for moment, who in wanted.items()}
            clicked = those(mailing, clicked_at__isnull=False)
            if len(clicked) < 0.7 * len(calm(expected.doing("clicks"), expected)):  # some only look at it online
                waits["clicked_at"] = expected.doing("clicks") - clicked
            waits["sent"] = those(mailing, state__in=("pending", "sending", "deferred"))
            return {moment: who for moment, who in waits.items() if who}

        settled = wait_until(lambda: not missing(), seconds=90)
        said = world.stop()

    assert settled, f"missing: {missing()}\nworld: {said}\n{station.log()[-3000:]}"
    assert (said["duplicates"], said["received"]) == (0, CROWD - len(expected.answering(Answer.UNKNOWN)))
    assert those(mailing, state="failed") == expected.answering(Answer.UNKNOWN)
    assert those(mailing, state="sent") == set(expected.answers) - expected.answering(Answer.UNKNOWN)
    assert those(mailing, bounced_at__isnull=False) == back
    assert those(mailing, opened_at__isnull=False) <= expected.doing("opens")
    assert those(mailing, clicked_at__isnull=False) <= expected.doing("clicks")
    assert those(mailing, unsubscribed_at__isnull=False) == expected.doing("unsubscribes")
    assert those(mailing, complained_at__isnull=False) == expected.doing("complains")
    assert_blocked(expected)


def calm(addresses: set[str], expected: Expected) -> set[str]:
    """Those without a scanner before them: a human who clicks right behind one may be taken for a part of it."""
    return {address for address in addresses if not expected.behaviours[address].scans}


def assert_blocked(expected: Expected) -> None:
    blocked = {
        reason: set(Suppression.objects.filter(reason=reason).values_list("address", flat=True))
        for reason in ("unsubscribed", "complained", "hard_bounce")
    }
    assert blocked["unsubscribed"] == expected.doing("unsubscribes")
    assert blocked["complained"] == expected.doing("complains")
    assert expected.answering(Answer.UNKNOWN) <= blocked["hard_bounce"]
    assert blocked["hard_bounce"] <= expected.answering(Answer.UNKNOWN, Answer.REPORT)
