from django.apps import AppConfig


class MailingsConfig(AppConfig):
    name = "mailings"

    def ready(self) -> None:
        from consent import unsubscribe
        from mailings import criteria, leaving
        from recipients.criteria import fields
        from tracking import postbox

        unsubscribe.listeners.append(leaving.note)
        postbox.leavers.append(leaving.by_mail)
        fields.vocabularies.append(criteria.fields)
