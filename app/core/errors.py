"""The two ways a call can end without doing its work: refused by a rule, or not there."""


class Refused(Exception):
    """A business rule said no; the base of every refusal.

    A subclass stands beside the function that raises it, is decorated with `@dataclass(eq=False)` and
    carries data, never sentences: `web/messages.py` finds the words. `eq=False` matters, since a
    dataclass that compares by value loses its hash, and tracebacks and context managers hash exceptions.
    """

    def __str__(self) -> str:
        # A dataclass never calls Exception.__init__, so the inherited text would be empty in the log.
        return repr(self)


class NotFound(Exception):
    """No such row, or none that this person may see; the two are not told apart on purpose."""
