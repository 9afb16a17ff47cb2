"""A measured figure beside its target."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, in which unit, and the most (or the least) it may be; no target means for information."""

    what: str
    value: float
    unit: str = "x"
    at_most: float | None = None
    at_least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the target is met; a figure for information always holds."""
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    @property
    def target(self) -> str:
        """The target in words, empty for information."""
        if self.at_most is not None:
            return f"<= {shown(self.at_most)} {self.unit}"
        return f">= {shown(self.at_least)} {self.unit}" if self.at_least is not None else ""

    @property
    def verdict(self) -> str:
        """PASS, SHORT, or nothing for information."""
        return ("PASS" if self.holds else "SHORT") if self.target else ""


@dataclass(frozen=True)
class NotRun:
    """A figure that could not be measured here, and why. It is never a pass."""

    what: str
    why: str


def shown(value: float) -> str:
    """A number with three significant digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
