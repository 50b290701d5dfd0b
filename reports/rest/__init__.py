"""Reports for programs, below `/api/v1/`; the frame is `lrm.rest`."""
