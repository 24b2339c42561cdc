"""What waits for its time: scheduled messages and reminders."""
