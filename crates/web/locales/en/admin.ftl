# The administrator’s pages.
