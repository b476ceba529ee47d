from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecipientsConfig(AppConfig):
    name = "recipients"
    verbose_name = _("People")

    def ready(self) -> None:
        from consent import dossier, overview, preferences, verifying
        from recipients import happenings, kept, timeline
        from recipients import people as persons
        from recipients.criteria import fields, own, people

        # consent counts the addresses that anybody knows; these are ours
        overview.populations.append(
            "SELECT email.address, coalesce(nullif(person.country, ''), company.country, '') AS country"
            " FROM recipients_emailaddress email JOIN recipients_person person ON person.id = email.person_id"
            " LEFT JOIN recipients_company company ON company.id = person.company_id"
        )
        preferences.language_listeners.append(persons.speaks)
        verifying.languages.append(
            "SELECT email.address, person.language FROM recipients_emailaddress email"
            " JOIN recipients_person person ON person.id = email.person_id"
        )
        fields.vocabularies.append(people.fields)
        fields.vocabularies.append(own.fields)
        timeline.sources.extend(happenings.all_of_them())
        dossier.finders.append(kept.find)
        dossier.holdings.extend(kept.holdings())
