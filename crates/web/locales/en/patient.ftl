# The patient’s pages.
