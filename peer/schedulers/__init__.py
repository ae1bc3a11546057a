"""The heartbeat kept by this machine: systemd, cron, launchd or Task Scheduler calls the ticks."""
