"""How the bundled reader was trained. Nobody needs this to run Pincite."""
