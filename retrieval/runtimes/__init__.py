"""Where models run: PyTorch, or ONNX Runtime with models exported from it."""
