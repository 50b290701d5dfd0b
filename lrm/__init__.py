"""The learner-management system and the Django project around it."""
