# Páginas de recepción.
