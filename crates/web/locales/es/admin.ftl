# Páginas de administración.
