"""The rule of identity: whether a contact in Xero is a learner. Pure; no database.

Nothing harms a training provider more than one student's invoices on another's page, or a
stranger's contact written over. So an equal number alone makes nobody the same person: the name or
the e-mail must agree as well, or we made the contact for the learner, or a person said so.
Everything between is a question, which shows nothing and sends nothing.

A merge in Xero is a person's word as well, that two contacts are one party. So whoever is linked to
the loser is linked to the winner, too, unless the winner is somebody else's: then it is a question.
Nothing is written over the winner before name or e-mail agree (`may_write`).

`assess` is the whole rule, a table read from top to bottom. What counts as agreeing:

- Names: without regard to letter case, accents, the order of the words, spaces, commas, hyphens,
  apostrophes, angle brackets (Xero takes none) and the suffix ` (number)` by which we tell
  namesakes apart. A contact has a name, and a first and last name; either may agree.
- E-mail addresses: without regard to letter case. An empty one agrees with nothing, and one that
  somebody else has too (a parent's, an employer's) says nothing.
- Numbers: exactly, without spaces around them. An empty one equals nothing; but where Xero frees
  the number of a contact that it merges into another, the number by which it was linked counts on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from invoices.rules import person_names


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerFacts:
    """What the rule looks at in a learner."""

    number: str
    given_name: str = ""
    family_name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """What the rule looks at in a contact, as Xero has it."""

    number: str = ""
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    is_active: bool = True
    # Its person asked to be forgotten, and Xero erases who it was.
    is_erased: bool = False
    # Xero merged it into another one.
    is_merged: bool = False


class Holder(Enum):
    """For whom a contact was made, or written after agreement was shown."""

    NOBODY = "nobody that is known here"
    THIS_LEARNER = "this learner"
    ANOTHER_LEARNER = "another learner of the portal"
    ANOTHER_PORTAL = "a learner of another portal on the same organisation"


class Said(Enum):
    """What a person said of a learner and a contact."""

    NOTHING = "nothing"
    YES = "the same person"
    NO = "somebody else"


class Answer(Enum):
    """What the rule says."""

    LINKED = "linked"
    QUESTION = "question"
    UNRELATED = "unrelated"


class Why(Enum):
    """Why it says so; the value is kept with links and questions."""

    MADE = "MADE"
    PERSON = "PERSON"
    NAME = "NAME"
    EMAIL = "EMAIL"
    NAME_AND_EMAIL = "NAME_EMAIL"
    NUMBER_ALONE = "NUMBER"
    SHARED_EMAIL = "SHARED"
    SAME_NAME = "SAME_NAME"
    OTHER_PORTAL = "OTHER_PORTAL"
    OTHER_LEARNER = "OTHER_LEARNER"
    REJECTED = "REJECTED"
    OTHER_NUMBER = "OTHER_NUMBER"
    NOT_ACTIVE = "NOT_ACTIVE"
    ERASED = "ERASED"
    MERGED = "MERGED"
    MERGED_OTHER = "MERGED_OTHER"
    MERGED_PORTAL = "MERGED_PORTAL"
    # Of a push that waits for its contact to be restored.
    ARCHIVED = "ARCHIVED"
    # Of what people did, in the history alone.
    CLEARED = "CLEARED"
    UNDONE = "UNDONE"
    RELEASED = "RELEASED"
    UNMERGED = "UNMERGED"


# Agreement that a link by number rests on.
AGREEMENT = frozenset((Why.NAME, Why.EMAIL, Why.NAME_AND_EMAIL))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule says of a learner and a contact, and why."""

    answer: Answer
    why: Why

    @property
    def is_linked(self) -> bool:
        """Whether the documents of the contact are the learner's."""
        return self.answer is Answer.LINKED

    @property
    def is_question(self) -> bool:
        """Whether a person has to say."""
        return self.answer is Answer.QUESTION


@dataclass(frozen=True, slots=True)
class Pair:
    """A learner and a contact, and what else is known of the two.

    `email_is_shared`: another learner of the portal, or another active contact of the
    organisation, has the same address. `name_is_refused`: Xero refused the learner's name, because
    this contact has it. `is_linked_now`: a link stands already.
    `is_heir`: Xero merged a contact into this one that is linked to the learner by more than a
    merge. `is_anothers`: this contact, or one that was merged into it, is linked to somebody else
    without being linked to the learner, or has the number of another learner of the portal.
    `number_linked`: by which number the two are linked, where they are.
    """

    learner: LearnerFacts
    contact: ContactFacts
    holder: Holder = Holder.NOBODY
    said: Said = Said.NOTHING
    email_is_shared: bool = False
    name_is_refused: bool = False
    is_linked_now: bool = False
    is_heir: bool = False
    is_anothers: bool = False
    number_linked: str = ""

    @property
    def numbers_agree(self) -> bool:
        """Whether both have the same number."""
        number, theirs = self.learner.number.strip(), self.contact.number.strip()
        if not theirs and self.contact.is_merged:
            theirs = self.number_linked.strip()
        return bool(number) and number == theirs

    @property
    def is_heir_unasked(self) -> bool:
        """Whether the learner's contact became this one, and nobody has said a word of it."""
        return self.is_heir and self.said is Said.NOTHING

    @property
    def names_agree(self) -> bool:
        """Whether one of the contact's names is the learner's."""
        return names_agree(self.learner, self.contact)

    @property
    def emails_agree(self) -> bool:
        """Whether both have the same e-mail address."""
        return emails_agree(self.learner.email, self.contact.email)


Condition = Callable[[Pair], bool]

# Read from top to bottom: the first row whose condition holds is the answer.
TABLE: tuple[tuple[Condition, Answer, Why], ...] = (
    (
        lambda it: it.holder is Holder.ANOTHER_PORTAL and it.is_heir_unasked,
        Answer.QUESTION,
        Why.MERGED_PORTAL,
    ),
    (lambda it: it.holder is Holder.ANOTHER_PORTAL, Answer.UNRELATED, Why.OTHER_PORTAL),
    (lambda it: it.holder is Holder.THIS_LEARNER, Answer.LINKED, Why.MADE),
    # Of somebody who asked to be forgotten nothing new is made known; what stands goes on to be
    # held against the rows below, and what was made or said stays.
    (
        lambda it: it.contact.is_erased and not it.is_linked_now,
        Answer.UNRELATED,
        Why.ERASED,
    ),
    # Several learners may share a contact, such as an employer's, where a person says so.
    (lambda it: it.said is Said.YES, Answer.LINKED, Why.PERSON),
    (
        lambda it: it.holder is Holder.ANOTHER_LEARNER and it.is_heir_unasked,
        Answer.QUESTION,
        Why.MERGED_OTHER,
    ),
    (lambda it: it.holder is Holder.ANOTHER_LEARNER, Answer.UNRELATED, Why.OTHER_LEARNER),
    (lambda it: it.said is Said.NO, Answer.UNRELATED, Why.REJECTED),
    (
        lambda it: it.numbers_agree and it.names_agree and it.emails_agree,
        Answer.LINKED,
        Why.NAME_AND_EMAIL,
    ),
    (lambda it: it.numbers_agree and it.names_agree, Answer.LINKED, Why.NAME),
    (
        lambda it: it.numbers_agree and it.emails_agree and not it.email_is_shared,
        Answer.LINKED,
        Why.EMAIL,
    ),
    (lambda it: it.is_heir and it.is_anothers, Answer.QUESTION, Why.MERGED_OTHER),
    (lambda it: it.is_heir, Answer.LINKED, Why.MERGED),
    # Accounts make contacts by hand, and Xero's own pages cannot set a number.
    (
        lambda it: not it.numbers_agree and it.name_is_refused and it.contact.is_active,
        Answer.QUESTION,
        Why.SAME_NAME,
    ),
    (lambda it: not it.numbers_agree, Answer.UNRELATED, Why.OTHER_NUMBER),
    # It keeps its number for ever, but nobody can be sent to it.
    (lambda it: not it.contact.is_active, Answer.UNRELATED, Why.NOT_ACTIVE),
    (lambda it: it.emails_agree, Answer.QUESTION, Why.SHARED_EMAIL),
    (lambda it: True, Answer.QUESTION, Why.NUMBER_ALONE),
)


def assess(pair: Pair) -> Verdict:
    """Return what the rule says of a learner and a contact."""
    return next(Verdict(answer, why) for holds, answer, why in TABLE if holds(pair))


def may_write(pair: Pair, verdict: Verdict) -> bool:
    """Return whether the learner's details may be written over the contact.

    Where Xero's merge alone links the two, name or e-mail must agree, as for any contact that we
    did not make. Nobody writes to a contact whose person asked to be forgotten.
    """
    if pair.contact.is_erased or not verdict.is_linked:
        return False
    if verdict.why is not Why.MERGED:
        return True
    return pair.names_agree or (pair.emails_agree and not pair.email_is_shared)


def names_agree(learner: LearnerFacts, contact: ContactFacts) -> bool:
    """Return whether the contact's name, or its first and last name, is the learner's."""
    ours = person_names.words_of_name(f"{learner.given_name} {learner.family_name}")
    if not ours:
        return False
    number = learner.number.strip()
    theirs = contact.name.strip().removesuffix(f"({number})") if number else contact.name
    if person_names.words_of_name(theirs) == ours:
        return True
    # One of the two alone is only a part of a name.
    if not (
        person_names.words_of_name(contact.first_name)
        and person_names.words_of_name(contact.last_name)
    ):
        return False
    return person_names.words_of_name(f"{contact.first_name} {contact.last_name}") == ours


def emails_agree(ours: str, theirs: str) -> bool:
    """Return whether two e-mail addresses are one and the same."""
    return bool(ours.strip()) and address_of(ours) == address_of(theirs)


def address_of(email: str) -> str:
    """Return an e-mail address in the form in which addresses are compared."""
    return email.strip().casefold()
