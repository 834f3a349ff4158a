"""Models: their catalog, their runtimes, and pure code before and after them."""

import os

# Set before ONNX Runtime is imported: otherwise 1.32 keeps a device id and events in the user's cache, and within two
# minutes posts them to its maker. Nothing about a site goes to third parties.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
