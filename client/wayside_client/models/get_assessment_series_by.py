from wayside_client.open_enum import OpenEnum


class GetAssessmentSeriesBy(OpenEnum):
    DAY = "day"
    HOUR = "hour"
    MONTH = "month"
