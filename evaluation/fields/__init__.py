"""Fields against known truth: the developers' receipts, invoices with embedded XML, drawn documents."""
