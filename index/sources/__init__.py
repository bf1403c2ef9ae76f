"""What a SOURCE holds: listed, named, watched."""
