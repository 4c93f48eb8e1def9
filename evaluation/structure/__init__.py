"""How well the Markdown output keeps a document's structure: text, reading order, tables.

The definitions are OmniDocBench's (arXiv:2412.07626) and olmOCR-bench's (arXiv:2502.18443).
"""
