"""PP-OCRv6's detection and recognition networks, from the rapidocr wheel, on OpenVINO."""
