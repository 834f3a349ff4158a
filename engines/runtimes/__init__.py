"""Runs models: ONNX Runtime and TensorRT, their choice, and plans built for a GPU."""
