"""What can be seen of the running service: log lines and metrics."""
