"""The token as the SDK asks for it: a header, and nothing that could be refreshed."""


class Bearer:
    """Stands where the SDK keeps its token."""

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token

    def get_auth_settings(self) -> dict[str, str]:
        """Return the header, as the SDK wants it."""
        return {"in": "header", "key": "Authorization", "value": f"Bearer {self._access_token}"}
