"""Models: their catalog, their runtimes, and pure code before and after them."""

import os

# Said before it is imported, or else ONNX Runtime 1.32 keeps a device id and events in the user's cache, and within two
# minutes posts them to its maker. What a site does is told to nobody.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
