"""What went wrong, named by what to do next."""


class PipelineError(Exception):
    """Base of every error that Firebreak raises on purpose."""


class PoisonRecordError(PipelineError):
    """This record can never be read: dead-letter it and move on."""


class TransientError(PipelineError):
    """It may work in a moment: retry, never skip."""


class UnsafeToContinueError(PipelineError):
    """Going on may lose evidence or act wrongly: exit."""


class ConfigurationError(PipelineError):
    """A person has to change something first: say what and where, then exit."""
