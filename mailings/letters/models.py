"""What was printed: one row per run of letters."""

from django.db import models


class PrintRun(models.Model):
    """Letters that were printed into one PDF. It is written together with their states, so that none is there twice."""

    mailing = models.ForeignKey("mailings.Mailing", on_delete=models.CASCADE, related_name="print_runs")
    first = models.BigIntegerField()  # number of the first message: the order of the runs is that of the letters
    letters = models.PositiveIntegerField()
    pages = models.PositiveIntegerField()
    ranges = models.JSONField()  # [[message, first page from 0, pages], …] in order
    warnings = models.JSONField(default=list)  # [[message, code, detail], …]: mailings.letters.production.WARNINGS
    pdf = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "first"], name="one_run_per_place")]

    def __str__(self) -> str:
        return f"{self.mailing_id}: {self.letters} from {self.first}"
