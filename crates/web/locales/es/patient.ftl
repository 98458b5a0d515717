# Páginas del paciente.
