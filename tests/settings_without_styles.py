"""Settings of production where nobody has collected static files: no page of HTML can be made.

Whether a checkout has some hangs on what was run in it before, so the place is one of its own.
"""

from lrm.settings import *  # noqa: F403 - production's, but for what follows
from lrm.settings import LOCAL_DIR as _LOCAL

STATIC_ROOT = _LOCAL / "nothing-collected"
