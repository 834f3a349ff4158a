"""Writes a report as a file for readers without the console: CSV, workbook or PDF."""
