from django.apps import AppConfig


class FormsConfig(AppConfig):
    name = "forms"
    label = "webforms"  # "forms" would collide with django.forms once TemplatesSetting is used
