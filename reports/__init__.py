"""Report #0442 over the stored documents: page, CSV, workbook, JSON. It changes nothing."""
