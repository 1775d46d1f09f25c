"""What a face shows: preprocessing, the model card, the ONNX Runtime classifier, the shipped weights."""
