"""What may go wrong in a call, whichever counterpart it is for: each client names its own.

A `kind` is the last word of the client's kind, such as `timeout` of `register.timeout`. The kinds of certificates are
whole: they are the same for every counterpart.
"""

from __future__ import annotations

from cprsync.errors import CprsyncError


class CallFailed(CprsyncError):
    """A call has no answer that can be used."""

    kind = "call"


class Unanswered(CallFailed):
    """The counterpart, or the way to it, does not answer: another try may help."""

    kind = "unavailable"


class ClosedUnanswered(Unanswered):
    """The counterpart closed the connection before any answer: it may not know our certificate."""

    kind = "closed"


class PeerUntrusted(CallFailed):
    """The counterpart's certificate cannot be trusted: wrong host, unknown issuer, out of date, revoked."""

    kind = "certificate.theirs"


class OursRefused(CallFailed):
    """The counterpart refuses our certificate."""

    kind = "certificate.refused"


class AnswerBroken(CallFailed):
    """The answer is not what the contract says, or is over a ceiling."""

    kind = "bad_answer"
