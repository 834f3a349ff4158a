from wayside_client.open_enum import OpenEnum


class StorageKind(OpenEnum):
    DISK = "disk"
    INODES = "inodes"
    METRICS = "metrics"
    MOUNT = "mount"
    NFS = "nfs"
    RAID = "raid"
    SMART = "smart"
