"""Office files but Word's: spreadsheets, presentations and OpenDocument texts."""
