"""The version of the product, in the one place that every copy of it carries.

The production image holds the packages but no metadata of an installed project, so `/healthz`
reads it here, and so does pyproject.toml. CONTRIBUTING.md says how a release is made.
"""

VERSION = "0.2.0"
