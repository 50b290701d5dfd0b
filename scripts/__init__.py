"""Programs for those who work on this repository; nothing of the product imports them."""
