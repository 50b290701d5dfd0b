"""How this Xero behaves where it does not always behave alike, or nobody knows.

Each has the way that is known best, or the mildest, as its default. A test turns it by
`POST /simulator/habits`; a reset turns it back to the command line's.
"""

import dataclasses

# The most connections of an app, by the tier it pays for; Enterprise has no limit.
CONNECTIONS_OF_TIER = {"starter": 5, "core": 50, "plus": 1_000, "advanced": 10_000, "enterprise": 0}
# The day's calls for one organisation.
DAY_OF_TIER = {"starter": 1_000}


@dataclasses.dataclass
class Habits:
    """The habits.

    :param most_connections: of users and organisations to the app; 0 knows no limit.
    :param names_ignore_accents: a contact's name is taken where another differs in accents alone.
        Filters look over accents anyway; of the rule of unique names it is not known.
    :param prepayments_list_overpayments: `GET /Prepayments` gives overpayments too, unless a filter
        names the type, as was reported (XeroAPI/Xero-NetStandard, issue 477).
    :param faults_stand_in_parts: what is wrong with an address, a phone or a person of a contact is
        written in that part alone, and the contact says only that it has faults. Each part has
        `ValidationErrors` of its own in the specification's example of a refusal (PUT Contacts);
        whether the contact's own repeat them is not said. Its own alone have them by default.
    :param guards_more_than: how many records of a kind a very large organisation has: above, Xero
        refuses lists of all of them and whatever filter or order it has not optimised.
    :param guard_speaks_json: whether that refusal is in the form of the others. It was seen as a
        bare sentence (freakboy3742/pyxero, issue 373), of which nobody recorded the content type.
    :param id_token: how an id token that comes with a code is wrong, or odd: a name of
        `identity.forgeries`; empty where it is as Xero's are.
    """

    most_connections: int = 0
    names_ignore_accents: bool = False
    prepayments_list_overpayments: bool = False
    faults_stand_in_parts: bool = False
    guards_more_than: int = 100_000
    guard_speaks_json: bool = False
    id_token: str = ""
