from django.apps import AppConfig


class RecipientsConfig(AppConfig):
    name = "recipients"

    def ready(self) -> None:
        from consent import overview
        from recipients.criteria import fields, people

        # consent counts the addresses that anybody knows; these are ours
        overview.populations.append("SELECT address FROM recipients_emailaddress")
        fields.vocabularies.append(people.fields)
