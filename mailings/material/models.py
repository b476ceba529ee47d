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


class SavedBlock(models.Model):
    """Blocks with a name, for everybody: a signature, an offer, a header."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    content = models.JSONField()  # {"blocks": […]}: mailings.rendering.blocks
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class Template(models.Model):
    """A mail of our own to begin with, beside the starter templates that come along."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    purpose = models.CharField(_("what it is for"), max_length=200, blank=True)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    preheader = models.CharField(_("preheader"), max_length=250, blank=True)
    content = models.JSONField()  # as of a mailing
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    """How mail of this house looks; one row. New mailings begin with it."""

    accent = models.CharField(_("colour of buttons and links"), max_length=7, default="#0b5563")
    page = models.CharField(_("colour around the mail"), max_length=7, default="#f4f2ee")
    paper = models.CharField(_("colour of the mail"), max_length=7, default="#ffffff")
    ink = models.CharField(_("colour of the words"), max_length=7, default="#2a2622")
    font = models.CharField(_("letters"), max_length=10, default="sans")
    logo = models.ForeignKey(
        Picture, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("logo")
    )
    website = models.URLField(_("website"), blank=True, max_length=500)
    postal_address = models.TextField(_("postal address"), blank=True, max_length=500)
    header = models.ForeignKey(
        SavedBlock, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("header")
    )
    footer = models.ForeignKey(
        SavedBlock,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("below the words"),
    )

    def __str__(self) -> str:
        return f"{self.accent}, {self.font}"
