"""What a finished run is handed on as: calendars, a report, tables for other programs."""

from scenarios.export.folder import export_run

__all__ = ["export_run"]
