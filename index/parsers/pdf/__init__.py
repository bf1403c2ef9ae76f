"""PDF documents: from glyphs over rows, tables and paragraphs to a text with headings and pages."""
