from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailingsConfig(AppConfig):
    name = "mailings"
    verbose_name = _("Mailings")

    def ready(self) -> None:
        from consent import dossier, house, unsubscribe
        from mailings import criteria, kept, leaving, lives, own_variables, unseen
        from mailings.material import brand
        from mailings.rendering import variables
        from recipients import finding, merging, timeline
        from recipients.criteria import fields
        from tracking import journal, postbox

        unsubscribe.listeners.append(leaving.note)
        house.addresses.append(brand.postal_address)
        postbox.leavers.append(leaving.by_mail)
        journal.silencers.append(unseen.silenced)
        fields.vocabularies.append(criteria.fields)
        timeline.sources.extend(lives.sources())
        merging.movers.append(lives.move)
        finding.kinds.append(finding.Kind("mailings", _("Mailings"), "mail", lives.found, "mailings.view_mailing"))
        variables.own.append(own_variables.variables)
        dossier.holdings.extend(kept.holdings())
