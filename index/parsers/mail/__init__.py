"""Mail: single messages and mailboxes of many."""
