"""Vision-language models of transformers that read whole pages."""
