"""What a check of the record may end in."""

from schemas.errors import PipelineError


class UntrustedError(PipelineError):
    """This is not what it claims to be: believe nothing of it, and keep the bytes."""
