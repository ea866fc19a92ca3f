"""Running networks. `session` is the only file that imports onnxruntime."""
