"""Every failure that CallCov raises on purpose, named for what happened.

Each error's text is one sentence a user can act on; `api/errors.py` translates it to HTTP and `cli.py` to an
exit code, nobody else does.
"""


class CallcovError(Exception):
    """Base of all failures raised on purpose; its text is safe to show to a caller."""


class BadRecording(CallcovError):
    """The uploaded bytes cannot be analysed: no sound or several tracks of it, no supported format, or too damaged."""


class RecordingTooLong(BadRecording):
    """The recording holds more than twelve hours of sound."""


class UploadTooLarge(CallcovError):
    """The body, or the file in it, is longer than its route takes; a recording may have 524,288,000 bytes."""


class BadForm(CallcovError):
    """The request body is not the form or JSON that its route takes."""


class BodyTooSlow(CallcovError):
    """The request body stalled, or arrives so slowly that it would keep its connection for hours."""


class NoRoom(CallcovError):
    """The disk or object store is full; nothing of the upload was kept."""


class InvalidCredentials(CallcovError):
    """No credential, an unknown or expired one, a wrong password, an ended login, or a deactivated account."""


class NotFound(CallcovError):
    """The object does not exist, or belongs to somebody else; a caller cannot tell which."""


class Conflict(CallcovError):
    """The object exists, but its state does not allow what was asked."""


class AlreadyExists(CallcovError):
    """Something of that name exists already."""


class ModelMissing(CallcovError):
    """A model's file is not where it should be."""


class ModelAltered(CallcovError):
    """A model's file is there, but its SHA-256 is not the catalogue's."""


class ModelUnavailable(CallcovError):
    """No source could provide the model."""


class BadPolicy(CallcovError):
    """A policy document is not valid; the text names the place and the reason."""


class BadSetting(CallcovError):
    """A setting is unknown or has a value that cannot be used."""


class WorkerDied(CallcovError):
    """The child process that was working on a recording was killed or ran out of memory."""


class BlockedAddress(CallcovError):
    """A webhook address resolves to something that is not on the public internet."""


class Unverified(CallcovError):
    """The password is right, but the account's email has not been verified yet."""


class AlreadyVerified(CallcovError):
    """The account's email was verified before."""


class BadCode(CallcovError):
    """A code or token that was mailed is unknown, void, over, or used up."""


class NothingToUpdate(CallcovError):
    """A change was asked for that changes nothing."""


class TooManyKeys(CallcovError):
    """The account has ten active keys, which is the most."""


class NoMinutes(CallcovError):
    """The account's tier includes too few minutes this month for one more recording, and allows no overage."""


class RateLimited(CallcovError):
    """Something was done as often as it may be; `reset` is when it may be done again, in Unix seconds."""

    def __init__(self, message: str = "Rate limit exceeded", reset: float = 0.0) -> None:
        super().__init__(message)
        self.reset = reset


class Unreadable(CallcovError):
    """What is stored cannot be decrypted: it was altered, or the account's data key is gone."""
