from wayside_client.open_enum import OpenEnum


class SourceKind(OpenEnum):
    DROP_FOLDER = "drop_folder"
    GB28181 = "gb28181"
    RECORDER = "recorder"
    REPLAY = "replay"
    RTSP = "rtsp"
    SNAPSHOT = "snapshot"
    UPLOAD = "upload"
    VIID = "viid"
