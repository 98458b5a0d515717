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

# Buscar una hora.

slots-filter = Qué busca
slots-doctor = Profesional
slots-any-doctor = Cualquiera
slots-specialty = Especialidad
slots-any-specialty = Cualquier especialidad
slots-service = Tipo de visita
slots-any-service = Cualquier tipo
slots-day = Desde
slots-time = Franja del día
slots-time-any = A cualquier hora
slots-time-morning = Mañana, hasta las 12:00
slots-time-afternoon = Tarde, de 12:00 a 17:00
slots-time-evening = Última hora, desde las 17:00
slots-show = Mostrar horas
slots-everything = Mostrar todo
slots-gone = Algo de lo que busca ya no se ofrece.
slots-gone-next = Esto es lo que hay sin ese filtro. Elija de nuevo si no es lo que quiere.
slots-log-in = Inicie sesión para ver el precio de cada profesional con su plan.
slots-for = Busca para
slots-for-somebody = una persona de su hogar
slots-plan = Los precios los da cada profesional, para su plan
slots-plan-other = Elegir otro plan
slots-plan-choose = Elija su plan para ver el precio de cada profesional.
slots-views = Formas de ver las horas
slots-view-list = Primero las más próximas
slots-view-week = Por semanas
slots-keep = Guardar 5 minutos
slots-keep-hint = La hora queda guardada mientras usted decide. No hay cita hasta que la confirme.
slots-week-hint = Elija una hora: queda guardada 5 minutos mientras usted decide. No hay cita hasta que la confirme.
slots-minutes = { $count } min
slots-pages = Más resultados
slots-later = Horas posteriores
slots-earliest = Volver a las más próximas
slots-no-more = No hay horas posteriores. Vuelva a las más próximas o busque otra cosa.
slots-weeks = Semanas
slots-week-title = { $from } – { $until }
slots-week-before = La semana anterior
slots-week-after = La semana siguiente
slots-week-none = No hay nada libre esta semana.
slots-week-next = El próximo día libre es el
slots-week-never = No hay nada libre en los próximos tres meses. Pregunte en recepción.
slots-day-none = Nada libre
slots-more-times =
    { $count ->
        [one] 1 hora más
       *[other] { $count } horas más
    }
slots-doctors-more = Más profesionales
slots-doctors-first = Volver a los primeros
slots-none = No hay nada libre que encaje.
slots-none-next = Pruebe con otro día, otra franja u otro profesional, o llame a recepción: a veces se libera una hora.
slots-none-same = Las próximas horas libres con esta elección
slots-none-anybody = Las próximas horas libres con cualquier profesional
service-visit = Visita

# Precios junto a las horas.

price-not-covered = Su plan no cubre esta visita
price-asking = Preguntando a la consulta …
price-silent = La consulta no responde ahora mismo; puede reservar igualmente
price-not-enrolled = Sin precio: este profesional no lo da en línea
price-reload = Volver a mirar
price-age =
    { $count ->
        [one] de hace 1 minuto
       *[other] de hace { $count } minutos
    }
