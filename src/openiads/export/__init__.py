"""Writers of files and pages; they read Log and Model only."""
