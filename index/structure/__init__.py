"""What a text is made of: headings and blocks; sentences, rows and items."""
