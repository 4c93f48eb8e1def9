"""What stands around one run of a job: the claim, the lease, the commit, and what a failure means."""
