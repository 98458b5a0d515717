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

# Elegir una contraseña con un enlace.

password-title = Elegir una contraseña
password-for = Para el nombre de usuario
password-new = Contraseña nueva
password-again = Otra vez la misma
password-choose = Elegir esta contraseña
password-policy = De { $min } a { $max } caracteres, con las palabras que quiera. Ni su nombre de usuario, ni el nombre de este programa, ni una de las contraseñas que todos prueban primero.
password-differs = Las dos contraseñas no son iguales.
password-short = Esta contraseña es demasiado corta.
password-long = Esta contraseña es demasiado larga.
password-common = Esta contraseña es una de las que todos prueban primero.
password-user-name = Su nombre de usuario no sirve de contraseña.
password-product = El nombre de este programa no sirve de contraseña.
password-have-one = Tengo contraseña: iniciar sesión
notice-password-chosen = Ha elegido su contraseña. Inicie sesión con ella.
