"""Commands of manage.py as processes of their own, as an operator runs them."""

import subprocess
import sys

from django.conf import settings

from tests.support import processes, web_process
from tests.support.deployment_files import SYSTEM
from tests.support.web_process import HOST


def run(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command of manage.py on this test's database, with nobody at the terminal."""
    environment = {
        **SYSTEM,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": web_process.database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "PUBLIC_URL": f"https://{HOST}",
        **changes,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=processes.ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
