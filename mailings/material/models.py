"""The tables of what mails are made of."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Picture(models.Model):
    """A picture of the library; its file lies in the storage under its name (mailings.material.pictures)."""

    name = models.CharField(max_length=60, unique=True)  # "<20 hex of its content>-800x600.jpg"
    title = models.CharField(_("name"), max_length=200)  # as its file was called
    alt = models.CharField(_("what it shows"), max_length=300, blank=True)
    width = models.PositiveIntegerField()  # pixels
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes
    added_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    archived_at = models.DateTimeField(null=True)  # out of the library; mails that show it still do

    class Meta:
        indexes = [models.Index(fields=["archived_at", "-id"], name="pictures_newest")]  # a page of the library

    def __str__(self) -> str:
        return self.title

    @property
    def address(self) -> str:
        """Where it is served, on our own site."""
        return f"/i/{self.name}"

    @property
    def thumbnail(self) -> str:
        return f"/i/320/{self.name}"
