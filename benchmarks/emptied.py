"""The settings of the product with nothing behind the form's endpoint: the reference of benchmarks.forms."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.forms"
