"""What the tests that cross folders share: a real server process, and reading back what it holds."""
