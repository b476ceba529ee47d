"""What administrators fill in about where mail comes back."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent import sealed
from tracking.models import Hook, Mailbox
from tracking.webhooks import door
from tracking.webhooks.providers import PROVIDERS


class HookForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account at a provider that may tell us what became of our mail."""

    provider = forms.ChoiceField(label=_("Provider"), choices=[(code, one.name) for code, one in PROVIDERS.items()])
    key = forms.CharField(
        label=_("Signing key"),
        required=False,
        max_length=2000,
        strip=True,
        help_text=_(
            "What the provider signs with, from its own page. Empty while one is kept: it stays. "
            "Brevo, Mailjet, SparkPost, Postmark and Amazon have none; the password in the address tells who calls."
        ),
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )

    class Meta:
        model = Hook
        fields = ["provider", "name", "key", "topic", "is_active"]
        help_texts = {"topic": _("Amazon only: the ARN of the one topic that may call here.")}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        provider = PROVIDERS.get(given.get("provider", ""))
        if provider is None:
            return given
        if provider.needs_key and not given.get("key") and not self.instance.signing_key:
            self.add_error("key", _("%(name)s signs what it sends: fill in its key.") % {"name": provider.name})
        if given.get("key") and not provider.key:
            self.add_error("key", _("%(name)s does not sign; leave this empty.") % {"name": provider.name})
        if provider.has_topic and not given.get("topic"):
            self.add_error("topic", _("Fill in the topic: whoever knows the address could call from another one."))
        return given

    def save(self, commit: bool = True) -> Hook:  # noqa: FBT001, FBT002 - Django's own signature
        if key := self.cleaned_data["key"]:
            self.instance.signing_key = sealed.seal(key)
        if not self.instance.password:
            self.instance.password = sealed.seal(door.new_password())
        found: Hook = super().save(commit)
        return found


class MailboxForm(forms.ModelForm):  # type: ignore[type-arg]
    """A mailbox that mail comes back to."""

    secret = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=500,
        strip=False,
        help_text=_("Empty while one is kept: it stays. It is sealed at rest."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    class Meta:
        model = Mailbox
        fields = [
            "name",
            "protocol",
            "host",
            "port",
            "security",
            "username",
            "secret",
            "folder",
            "after",
            "moves_to",
            "is_active",
        ]
        help_texts = {
            "port": _("Empty: the usual one of the protocol."),
            "after": _("Only with mail that is about our own. Everything else in the mailbox is left as it is."),
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("secret") and not self.instance.password:
            self.add_error("secret", _("A mailbox has a password."))
        is_pop = given.get("protocol") == Mailbox.Protocol.POP3
        if given.get("after") == Mailbox.After.MOVES:
            if is_pop:
                self.add_error("after", _("POP3 knows no folders. Let it stay, or remove it."))
            elif not given.get("moves_to"):
                self.add_error("moves_to", _("Name the folder that it moves to."))
        return given

    def save(self, commit: bool = True) -> Mailbox:  # noqa: FBT001, FBT002 - Django's own signature
        if secret := self.cleaned_data["secret"]:
            self.instance.password = sealed.seal(secret)
        found: Mailbox = super().save(commit)
        return found
