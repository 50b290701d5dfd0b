#!/usr/bin/env python
"""Django's command line for the LRM."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lrm.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        if settings.configured:
            raise
        # A setting is missing, and its name says more than a traceback.
        sys.exit(f"{problem}")
