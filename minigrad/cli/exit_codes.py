"""The exit codes other than 0."""

DIVERGED = 1
USAGE = 2
INTERRUPTED = 130  # 128 + SIGINT
BROKEN_PIPE = 141  # 128 + SIGPIPE
