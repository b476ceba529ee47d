from django.apps import AppConfig


class MailingsConfig(AppConfig):
    name = "mailings"

    def ready(self) -> None:
        from consent import unsubscribe
        from mailings import leaving

        unsubscribe.listeners.append(leaving.note)
