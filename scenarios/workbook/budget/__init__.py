"""budget.xlsx: a year's people and money as live formulas, against the budget that was given."""

from scenarios.workbook.budget.write import write_workbook

__all__ = ["write_workbook"]
