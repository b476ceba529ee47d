from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FormsConfig(AppConfig):
    name = "forms"
    verbose_name = _("Forms")
    label = "webforms"  # "forms" would collide with django.forms once TemplatesSetting is used

    def ready(self) -> None:
        from consent import dossier
        from forms import kept, lives
        from forms.finding import found
        from recipients import finding, timeline

        finding.kinds.append(finding.Kind("forms", _("Forms"), "clipboard-list", found, "webforms.view_form"))
        timeline.sources.append(lives.source())
        dossier.holdings.extend(kept.holdings())
