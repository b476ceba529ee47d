"""Wiring of Postduif: everything that differs between machines comes from the environment."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from config import logs

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("POSTDUIF_VAR", BASE_DIR / "var"))

DEBUG = os.environ.get("POSTDUIF_DEBUG") == "1"


def required(name: str, hint: str) -> str:
    """A setting without which nothing starts; `make run` and `make test` bring their own."""
    if value := os.environ.get(name):
        return value
    raise ImproperlyConfigured(f"{name} is not set: {hint}")


def number_or_never(name: str, usual: int) -> int | None:
    """A whole number, or None for "never"."""
    written = os.environ.get(name) or str(usual)
    if written == "never":
        return None
    if not written.isascii() or not written.isdigit():
        raise ImproperlyConfigured(f"{name}={written}: give a number, or never")
    return int(written)


SECRET_KEY = required("SECRET_KEY", "a long random text; it signs every link in every mail.")
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("SECRET_KEY_FALLBACKS", "").split(",") if key]
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
BASE_URL = os.environ.get("BASE_URL", "http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# what stands before the token of a short link in a text message: a short domain of its own, or a path of ours
SHORT_URL = f"{os.environ['SHORT_URL'].rstrip('/')}/" if os.environ.get("SHORT_URL") else f"{BASE_URL}/s/"
if SHORT_HOST := urlsplit(SHORT_URL).hostname:
    ALLOWED_HOSTS.append(SHORT_HOST)
SECURE_COOKIES = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_COOKIES else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"  # the mail preview is an iframe of our own
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "frame-src": [CSP.SELF],
    "frame-ancestors": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "object-src": [CSP.NONE],
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "django_structlog",
    "django_vite",
    "pgtrigger",
    "config",
    "consent",
    "recipients",
    "tracking",
    "mailings",
    "forms",
    "demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "config.shell.RefuseNul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.shell.MessagesForHtmx",
    "allauth.account.middleware.AccountMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.shell.context",
            ],
            "libraries": {"look": "config.look"},
            "builtins": ["config.dates"],
        },
    },
]


def database(url: str) -> dict[str, Any]:
    """Turn a libpq address (`postgresql://…` or `host=… dbname=…`) into Django's dictionary."""
    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "postduif"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {key: value for key, value in parts.items() if value is not None},
    }


DATABASE_URL = required("DATABASE_URL", "postgresql://user:password@host/name, PostgreSQL 15 or newer.")
DATABASES = {"default": database(DATABASE_URL)}
REDIS_URL = required("REDIS_URL", "redis://host:6379/0, Valkey or Redis.")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "config.cachekeys.of_this_database",
    }
}

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "config.accounts.ClosedSignUp"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("nl", _("Dutch"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = os.environ.get("TIME_ZONE", "Europe/Amsterdam")
HOME_COUNTRY = os.environ.get("HOME_COUNTRY", "NL").upper()  # of phone numbers that name none; ISO 3166-1 alpha-2
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STATICFILES_DIRS = [("dist", BASE_DIR / "assets" / "dist")]
DJANGO_VITE = {
    "default": {
        "manifest_path": BASE_DIR / "assets" / "dist" / "manifest.json",
        "static_url_prefix": "dist",
    }
}
WHITENOISE_USE_FINDERS = True
# Vite writes a part of the content's hash into the name
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/dist/assets/.+-[\w-]{8}\.\w+$"
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000  # a mail of a hundred blocks is one form

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("QUEUE", "postduif")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE

# Outgoing campaign mail: smtp://user:password@host:port or smtps://…; ?starttls=1 asks for TLS after EHLO.
# a virus scanner for attachments: tcp://host:3310 or unix:///run/clamav/clamd.ctl (clamd); empty: none
CLAMD_URL = os.environ.get("CLAMD_URL", "")
SMTP_URL = os.environ.get("SMTP_URL", "smtp://127.0.0.1:1025")
# Envelope senders (VERP) and Message-IDs live here; its MX must point at the inbound port.
BOUNCE_DOMAIN = os.environ.get("BOUNCE_DOMAIN", "bounces.postduif.localhost")
INBOUND_ADDRESS = os.environ.get("INBOUND_ADDRESS", "127.0.0.1:2525")
# Who is asked about the DNS of our sending domains: addresses, perhaps with a port. Empty: as the machine is set up.
DNS_SERVERS = [server for server in os.environ.get("DNS_SERVERS", "").replace(",", " ").split() if server]
# The append-only files of the web server's hits and the workers' hand-overs.
# How strictly hits are judged human or machine, such as {"threshold": 0.7, "burst_links": 4}: tracking.judge.Measure.
JUDGE: dict[str, Any] = json.loads(os.environ.get("JUDGE") or "{}")
# A file with networks of data centres, one CIDR a line; a hit from there is a little more likely a machine's.
JUDGE_NETWORKS = Path(os.environ["JUDGE_NETWORKS"]) if os.environ.get("JUDGE_NETWORKS") else None
# After how many days visitors' addresses are shortened, and after how many months raw events go; "never" for neither.
IP_DAYS = number_or_never("IP_DAYS", 30)
EVENT_MONTHS = number_or_never("EVENT_MONTHS", 24)
# Whether link actions may call systems inside our own network (webhooks to an address that is not public).
CALLS_INSIDE = os.environ.get("CALLS_INSIDE") == "1"
JOURNAL_DIR = Path(os.environ.get("JOURNAL_DIR", VAR_DIR / "journal"))
NODE = os.environ.get("NODE", "node1")
# Seconds a worker's claim on a chunk lasts without a sign of life, and a chunk's turn before another may have the worker.
DELIVERY_LEASE = float(os.environ.get("DELIVERY_LEASE", "60"))
DELIVERY_TURN = float(os.environ.get("DELIVERY_TURN", "5"))
# Seconds before a mail server that was not there is tried again; first wait of a message that was told "not now", and
# its growth. Together the waits of a message come to about 72 hours.
DELIVERY_SERVER_WAIT = float(os.environ.get("DELIVERY_SERVER_WAIT", "5"))
DELIVERY_RETRY_FIRST = float(os.environ.get("DELIVERY_RETRY_FIRST", "300"))
DELIVERY_RETRY_GROWTH = float(os.environ.get("DELIVERY_RETRY_GROWTH", "1.3"))
DELIVERY_RETRY_FOR = float(os.environ.get("DELIVERY_RETRY_FOR", str(72 * 3600)))
# Whether name servers may be asked whose mail servers a domain has, so that limits hold for a provider as a whole.
MX_LOOKUPS = os.environ.get("MX_LOOKUPS", "1") == "1"
# How long the link works by which somebody confirms that they want our mail.
DOUBLE_OPT_IN_DAYS = int(os.environ.get("DOUBLE_OPT_IN_DAYS", "7"))
# Whether name servers may be asked whose mail servers a domain has, so that limits hold for a provider as a whole.
MX_LOOKUPS = os.environ.get("MX_LOOKUPS", "1") == "1"
# How long the link works by which somebody shows that an address is theirs, before they see or erase their data.
SUBJECT_LINK_HOURS = int(os.environ.get("SUBJECT_LINK_HOURS", "24"))
# The secrets with which erased addresses stay recognisable, the newest first. Keep every old one: an address erased under
# a key that is gone would be mailed again when somebody imports it.
SUPPRESSION_KEYS = [
    key
    for key in (os.environ.get("SUPPRESSION_KEYS") or ",".join([SECRET_KEY, *SECRET_KEY_FALLBACKS])).split(",")
    if key
]
# One line for each erasure, hashed: replayed after an old backup was restored. It must outlive the database.
ERASURE_LOG = Path(os.environ.get("ERASURE_LOG", VAR_DIR / "erasures.log"))
# Web forms: answers an hour from one place (with the browser's sum solved, and without), for one form, and in all; answers a
# day with one address; counters an hour from one place; and the seconds in which nobody can fill in a form.
FORMS_PER_PLACE = int(os.environ.get("FORMS_PER_PLACE", "60"))
FORMS_PER_PLACE_UNPROVEN = int(os.environ.get("FORMS_PER_PLACE_UNPROVEN", "10"))
FORMS_PER_FORM = int(os.environ.get("FORMS_PER_FORM", "20000"))
FORMS_IN_ALL = int(os.environ.get("FORMS_IN_ALL", "100000"))
FORMS_PER_ADDRESS = int(os.environ.get("FORMS_PER_ADDRESS", "5"))
FORMS_NOTES = int(os.environ.get("FORMS_NOTES", "600"))
FORMS_LEAST_SECONDS = float(os.environ.get("FORMS_LEAST_SECONDS", "2"))
# How many proxies of our own stand before the web server: whose X-Forwarded-For entry is the visitor. 0: believe none.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))
SENDER_NAME = os.environ.get("SENDER_NAME", "Postduif")
SENDER_ADDRESS = os.environ.get("SENDER_ADDRESS", "hello@postduif.localhost")
POSTAL_ADDRESS = os.environ.get("POSTAL_ADDRESS", "")


def mailer(url: str) -> dict[str, Any]:
    """Django's own mail (password resets) through the same server as the campaigns."""
    parts = urlsplit(url)
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or (465 if parts.scheme == "smtps" else 25),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": parts.scheme == "smtps",
            "use_tls": "starttls=1" in parts.query,
            "timeout": 30,
        },
    }


MAILERS = {"default": mailer(SMTP_URL)}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = f"{SENDER_NAME} <{SENDER_ADDRESS}>"

logs.configure(as_json=os.environ.get("LOG_FORMAT") == "json")
