"""Answers to a form: how many a second are checked and stored, and how soon one is answered during a campaign."""

import math
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

import altcha
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import path as route
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from benchmarks import debian, delivery, sink
from benchmarks.frame import Figure, Scale, interleaved
from benchmarks.oneclick import post, web
from consent.models import SubscriptionType
from consent.seen import Seen
from forms import answers, guard, publishing, starters, submissions
from forms.models import Form, Submission, Version
from mailings import lifecycle, responses, tasks
from mailings.models import Chunk, Mailing

VISITORS = 16  # at once
WARM = 8
ROUNDS = 5
LEAST_ANSWERS = 3
MOST_PER_SECOND = 1_500  # so many different answers are made ready for each second of a run
SEND = """
local bodies, next = {}, 0
for line in io.lines("%s") do bodies[#bodies + 1] = line end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
request = function() next = next + 1; return wrk.format(nil, nil, nil, bodies[(next - 1) %% #bodies + 1]) end
"""
UNLIMITED = dict.fromkeys(("FORMS_PER_PLACE", "FORMS_PER_FORM", "FORMS_IN_ALL"), "100000000")


@login_not_required
@csrf_exempt
def nothing(request: HttpRequest, key: str) -> HttpResponse:
    """The same endpoint, without anything behind it."""
    return HttpResponse("Thank you")


urlpatterns = [route("f/<slug:key>/", nothing)]


def figures(scale: Scale) -> Iterator[Figure]:
    yield taken(scale)
    yield answered_by_mail(scale)


def taken(scale: Scale) -> Figure:
    """Visitors send a form as fast as the web server lets them."""
    guard.TRIES = range(60, 62)  # quickly solved here; the server checks the same
    form, version = a_form()
    seconds = scale.pick(4, 1)
    count = seconds * MOST_PER_SECOND
    with ThreadPoolExecutor(2) as browsers:
        bodies = list(browsers.map(lambda number: an_answer(form, version, number), range(WARM + ROUNDS * count)))
    path = f"/f/{form.key}/"
    answered: list[float] = []
    bare = {"DJANGO_SETTINGS_MODULE": "benchmarks.emptied"}
    with web(bare) as nothing_behind, web(UNLIMITED | {"FORMS_LEAST_SECONDS": "0"}) as product:
        for address in (nothing_behind, product):
            warm(address, path, bodies[:WARM])

        def ours() -> float:
            first = WARM + len(answered) * count
            answered.append(posted(product, path, bodies[first : first + count], seconds))
            return answered[-1]

        def empty() -> float:
            return posted(nothing_behind, path, bodies[WARM : WARM + count], seconds)

        medians = interleaved({"ours": ours, "nothing": empty}, rounds=ROUNDS)
    kept = Submission.objects.exclude(state=Submission.State.SPAM).count()
    if kept < sum(answered) * seconds * 0.95:
        raise SystemExit(f"{kept} answers are stored of {sum(answered) * seconds:.0f} that were answered")
    return Figure(
        "forms.submit", medians["ours"], "answers/s", medians["nothing"], of="the same endpoint with an empty view"
    )


def answered_by_mail(scale: Scale) -> Figure:
    """Answers come in while a campaign is on its way: from the moment one is processed to its mail at the peer."""
    form, version = a_form(processing=Form.Processing.AUTOMATIC, actions=[{"kind": "response", "id": a_response().pk}])
    crowd, waits = delivery.a_crowd(scale.pick(200_000, 20_000)), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        log_path = Path(folder, "log")
        with sink.sink(log=str(log_path)) as (port, seen), delivery.station(port), log_path.open() as log:
            mailing = delivery.a_mailing(crowd)
            lifecycle.start(mailing, by=None, now=timezone.now())
            tasks.tick.delay()
            while not seen.count.value:
                time.sleep(0.01)
            while Chunk.objects.filter(mailing=mailing).exclude(state=Chunk.State.DONE).exists():
                address = f"asks{len(waits)}@example.org"
                send_in(form, version, address)
                at = arrives(address, log)
                processed_at = Submission.objects.get(address=address).processed_at
                waits.append(at - processed_at.timestamp() if processed_at else math.inf)
                time.sleep(scale.pick(2, 0))
    if len(waits) < LEAST_ANSWERS:
        raise SystemExit(f"only {len(waits)} answers came in while the campaign was sent: this run says nothing")
    return Figure("forms.response", max(waits), "s", of=f"the slowest of {len(waits)}")


def send_in(form: Form, version: Version, address: str) -> None:
    """What the web server does with an answer."""
    definition = publishing.shown(version)
    by_kind = {one.kind: one.name for one in definition.questions}
    read = answers.read(definition, {by_kind["email"]: [address], by_kind["first_name"]: ["Ada"]})
    arrival = submissions.Arrival(nonce=address, seen=Seen(language="en", url="https://example.org/form"))
    submissions.take(form, version, read, arrival, now=timezone.now())


def arrives(address: str, log: IO[str]) -> float:
    """Wait for a message at the peer; give when it was seen, to some ten milliseconds."""
    deadline = time.monotonic() + 120
    read = ""
    while time.monotonic() < deadline:
        read = read[-400:] + log.read()
        if address in read:
            return time.time()
        time.sleep(0.01)
    raise SystemExit(f"{address} had no answer in two minutes")


def a_response() -> Mailing:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    blocks = [
        {"id": "t", "kind": "text", "html": "<p>Thank you, [[customer.firstname|reader]]. We had your answer.</p>"}
    ]
    mailing = Mailing.objects.create(
        name="Thank you",
        type=Mailing.Type.RESPONSE,
        message_class="form_response",
        subject="We had your answer",
        from_name="De Werkbank",
        from_address="hello@example.org",
        content={"language": "en", "blocks": blocks},
    )
    return responses.begin(mailing, by=None, now=timezone.now())


def a_form(**more: Any) -> tuple[Form, Version]:
    newsletter = SubscriptionType.objects.get(code="newsletter")
    by, _is_new = User.objects.get_or_create(username="bench")
    form = Form.objects.create(
        name="Sign up",
        draft=starters.begin(starters.STARTERS["newsletter"], "en", (newsletter.pk,)).to_json(),
        asks_confirmation=False,
        created_by=by,
        **{"processing": Form.Processing.MANUAL, **more},
    )
    cache.clear()
    return form, publishing.publish(form, by=by, now=timezone.now())


def an_answer(form: Form, version: Version, number: int) -> str:
    """What a browser sends, its sum solved."""
    challenge = altcha.Challenge.from_dict(guard.challenge(form))
    solution = altcha.solve_challenge(challenge, counter_start=guard.TRIES.start)
    if solution is None:
        raise SystemExit("a sum was not solved in time")
    given = {"first_name": "Ada", "last_name": f"Number {number}", "email": f"ada{number}@example.org", "consent": "on"}
    proof = altcha.Payload(challenge, solution).to_base64()
    return urlencode({**given, "ticket": guard.ticket(version, form.key), "embed": "page", "altcha": proof})


def warm(address: tuple[str, int], path: str, bodies: Sequence[str]) -> None:
    """Let the processes load what the first answers need."""
    for body in bodies:
        if (status := post(address, path, body)) != 200:
            raise SystemExit(f"the first answer got {status}")


def posted(address: tuple[str, int], path: str, bodies: Sequence[str], seconds: int) -> float:
    """Let wrk post as fast as it can, each body once; give answers a second. Any error ends the run."""
    (program,), env = debian.find(["wrk"], ["wrk", "libluajit-5.1-2", "libluajit-5.1-common"])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bodies").write_text("\n".join(bodies))
        script = Path(folder, "send.lua")
        script.write_text(SEND % Path(folder, "bodies"))
        command = [program, "-t", "1", "-c", str(VISITORS), "-d", f"{seconds}s", "--timeout", "10s", "-s", str(script)]
        url = "http://{}:{}{}".format(*address, path)
        said = subprocess.run([*command, url], env=env, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"not every answer was taken:\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if not found:
        raise SystemExit(f"wrk says:\n{said}")
    return float(found[1])
