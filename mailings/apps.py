from django.apps import AppConfig


class MailingsConfig(AppConfig):
    name = "mailings"

    def ready(self) -> None:
        from consent import unsubscribe
        from mailings import criteria, leaving
        from recipients.criteria import fields

        unsubscribe.listeners.append(leaving.note)
        fields.vocabularies.append(criteria.fields)
