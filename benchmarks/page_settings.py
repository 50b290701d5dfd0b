"""The product's own settings, with static files among what is thrown away. Nothing else differs.

With `DEBUG` off a page needs them collected, and the clone is not the place for it.
"""

from lrm.settings import *  # noqa: F403 - all of them
from lrm.settings import LOCAL_DIR as _LOCAL_DIR

STATIC_ROOT = _LOCAL_DIR / "static"
