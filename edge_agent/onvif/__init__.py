"""Calls ONVIF web services of cameras: bounded HTTP with digest, SOAP, and the calls that the agent needs.

`http_exchange` is the only I/O. A camera may answer anything: every answer is bounded in bytes and time, and no address
in it is followed.
"""
