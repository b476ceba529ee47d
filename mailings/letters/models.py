"""Letters: what was printed, one row per run, and the Word files that some are made from."""

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


class LetterFile(models.Model):
    """A Word file that letters are made from, as it was uploaded. Never changed; mailings name it by its fingerprint."""

    digest = models.CharField(max_length=64, primary_key=True)  # SHA-256
    docx = models.BinaryField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:12]
