"""Models: their catalog, their runtimes, and pure code before and after them."""

import os

# ONNX Runtime tells its maker of sessions and models, by itself, since 1.29. It reads this once, when it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
