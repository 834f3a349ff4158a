from wayside_client.open_enum import OpenEnum


class ExportAssessmentForm(OpenEnum):
    CSV = "csv"
    PDF = "pdf"
    XLSX = "xlsx"
