"""What the simulator is told to do wrong: scripted answers, delays, cuts, corrupted bodies."""
