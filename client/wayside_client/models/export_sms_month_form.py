from wayside_client.open_enum import OpenEnum


class ExportSmsMonthForm(OpenEnum):
    CSV = "csv"
    XLSX = "xlsx"
