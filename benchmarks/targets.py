"""What each figure must reach, and where we want to be. The table is law; a figure without a row is refused."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Bounds of a ratio to the reference or, where there is no reference, of the value itself."""

    must: float
    goal: float
    smaller_is_better: bool = False

    def reached(self, measure: float, bound: float) -> bool:
        return measure <= bound if self.smaller_is_better else measure >= bound


def at_least(must: float, goal: float) -> Target:
    return Target(must, goal)


def at_most(must: float, goal: float) -> Target:
    return Target(must, goal, smaller_is_better=True)


TARGETS = {
    "import.new": at_least(0.25, 0.5),
    "import.known": at_least(1.0, 2.0),
    "import.memory": at_most(400, 200),
    "import.undo": at_most(0.3, 0.1),
    "export.rows": at_least(0.65, 0.9),
    "lists.page": at_most(200, 60),
    "lists.search": at_most(100, 30),
    "selection.count": at_most(1, 0.3),
    "selection.materialise": at_most(5, 2),
    "gate.freeze": at_most(2.0, 1.3),
    "ledger.append": at_least(0.2, 0.5),
    "ledger.verify": at_least(0.2, 0.5),
    "oneclick.p99": at_most(5000, 2000),  # ms; providers give up after some ten seconds
    "render.compiled": at_least(50, 120),
    "render.block_mail": at_most(10, 3),
    "preview.update": at_most(300, 80),
    "preflight.audience": at_most(10, 3),
    "delivery.campaign": at_least(1.0, 1.25),
    "delivery.replay": at_least(0.75, 0.9),
    "delivery.scaling": at_most(1.15, 1.0),
    "delivery.memory": at_most(1.1, 1.0),
    "delivery.dkim": at_least(0.35, 0.5),
    "delivery.latency": at_least(0.6, 0.8),
    "delivery.pause": at_most(2, 0.5),
    "chaos.duplicates": at_most(0, 0),
    "chaos.skipped": at_most(0, 0),
    "chaos.unknown": at_most(1.0, 0.5),
    "clicks.redirect": at_least(0.3, 0.35),
    "clicks.lost": at_most(0, 0),
    "journal.fold": at_least(0.2, 0.35),
    "reports.page": at_most(5, 2),
    "reports.recipients": at_most(50, 10),
    "bounces.parse": at_least(0.2, 0.5),
    "letters.batch": at_least(4.5, 6),
    "letters.memory": at_most(400, 250),
    "sms.send": at_least(0.8, 0.95),
    "forms.submit": at_least(0.3, 0.6),
    "forms.response": at_most(5, 1),
    "api.upsert": at_least(0.3, 0.6),
    "pages.demo": at_most(100, 40),
    "pages.million": at_most(200, 80),
    "pages.script": at_most(60, 40),
}

# `import` cannot name a module that others import by statement
MODULES = {"import": "importing"}


def group_of(name: str) -> str:
    """The module that measures "import.new", "import" or "importing"."""
    prefix = name.partition(".")[0]
    return MODULES.get(prefix, prefix)


GROUPS = tuple(dict.fromkeys(group_of(name) for name in TARGETS))
