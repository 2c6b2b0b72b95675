"""People's months, each planned exactly beside the others: the one of most worth is found."""

from solver.months.months import Months

__all__ = ["Months"]
