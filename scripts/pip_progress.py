"""Show what pip does as one moving line; everything it says is kept for the case that it fails.

Reads pip's output from standard input. Exits 1, with the whole output, unless pip said that it
was done: a pipe hides its exit code.
"""

import sys

STEPS = ("Collecting", "Downloading", "Installing", "Building", "Using cached", "Processing")
DONE = ("Successfully installed", "Requirement already satisfied")


def main() -> int:
    """Follow pip to its end; return the exit code."""
    said: list[str] = []
    moving = sys.stdout.isatty()
    found = 0
    for line in sys.stdin:
        said.append(line)
        words = line.strip()
        found += words.startswith("Collecting")
        if not words.startswith(STEPS):
            continue
        if moving:
            sys.stdout.write(f"\r\033[K{found:>3} packages  {words[:60]}")
        elif words.startswith("Installing") or (words.startswith("Collecting") and found % 20 == 0):
            sys.stdout.write(f"{found:>3} packages  {words[:60]}\n")
        sys.stdout.flush()
    if moving:
        sys.stdout.write("\r\033[K")
    if any(line.startswith(DONE) for line in said[-5:]):
        sys.stdout.write("Installed.\n")
        return 0
    sys.stdout.writelines(said)
    return 1


if __name__ == "__main__":
    sys.exit(main())
