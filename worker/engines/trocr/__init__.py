"""TrOCR: VisionEncoderDecoder models that read one text line an image."""
