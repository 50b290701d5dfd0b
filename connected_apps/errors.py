"""What can go wrong with a connection, named by who must act next.

`ConnectionBroken`: a person must reconnect. `IdentityMisconfigured`: an operator must mend the
settings, nobody's connection is touched. `IdentityUnavailable`: nobody, it is tried again.
No message of these errors holds a token, a code or a body.
"""


class ConnectedAppsError(Exception):
    """The base of every error this app raises on purpose."""


class NotConnected(ConnectedAppsError):
    """The portal is not connected, so there is no token to give."""


class ConnectionBroken(ConnectedAppsError):
    """The connection cannot be used until a person reconnects; its state says so already.

    :param reason: one sentence for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class IdentityUnavailable(ConnectedAppsError):
    """Xero's identity service or `/connections` did not give a usable answer; try again later."""


class IdentityMisconfigured(ConnectedAppsError):
    """Xero refuses this app itself (client id, secret, scopes): a fault of the installation."""


class GrantRefused(ConnectedAppsError):
    """`invalid_grant`: the code or refresh token is used, expired, revoked or unknown."""


class IdTokenRefused(ConnectedAppsError):
    """What came as Xero's id token is not Xero's, or not meant for this attempt to connect."""


class TokenRefused(ConnectedAppsError):
    """The identity side answered 401 to an access token."""


class ImpossibleTransition(ConnectedAppsError):
    """The event cannot happen in the state the connection is in."""


class StaleGeneration(ConnectedAppsError):
    """The connection has been connected anew or disconnected since the caller began."""


class WrongTokenKey(IdentityMisconfigured):
    """Stored tokens cannot be decrypted with the keys in TOKEN_ENCRYPTION_KEYS."""


class ConsentProblem(ConnectedAppsError):
    """A consent that cannot become a connection.

    :param sentence: what happened and what to do, for the person at the screen.
    :param code: a short name for the audit trail.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
