"""Parts that both trainers share: device, optimizer, EMA, checkpoint, metrics log, ONNX export."""
