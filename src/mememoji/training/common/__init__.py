"""What both trainers share: device, optimizer, checkpoints, metrics log, ONNX export."""
