"""Tables drawn by a browser, with their structure as truth, and what learns from them."""
