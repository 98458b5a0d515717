# Páginas que no necesitan sesión.

slots-title = Buscar hora
log-in-title = Iniciar sesión
log-in-user = Usuario
log-in-password = Contraseña
log-in-one-time = Código de un solo uso
log-in-one-time-hint = Solo personal: las seis cifras que muestra su autenticador.
demo-title = Accesos de esta demostración
demo-role = Quién
notice-logged-out = Ha cerrado la sesión.
