"""C run-time services."""
