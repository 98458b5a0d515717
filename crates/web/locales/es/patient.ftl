# Las páginas del paciente.

my-for = Para
my-for-change = Elegir a otra persona
my-nameless = Nombre desconocido
my-visit = Consulta
my-doctor = Médico
my-service = Tipo de consulta
my-time = Hora
my-price = Precio
my-when = Cuándo
my-what = Qué
my-by = Quién
my-reason = Motivo
my-status = Estado
my-again = Volver a intentarlo
my-back = Volver a la cita
my-back-to-all = Todas mis citas
my-moment = { $day }, { $time }
my-by-operator = Operador técnico

my-price-no-plan = No ha elegido ningún seguro.
my-price-choose-plan = Elija su seguro para ver los precios
my-price-of-plan = con { $plan }
my-price-age = { $count ->
    [one] de hace un minuto
   *[other] de hace { $count } minutos
}
my-price-not-covered = { $plan } no lo cubre
my-price-asking = Preguntando al médico …
my-price-silent = El médico no responde en este momento.
my-price-not-enrolled = Este médico no indica precios en línea.
my-price-silent-more = Puede reservar de todos modos.

deciding-title = Decidir la hora
deciding-lead = Le guardamos estas horas mientras decide. Nadie más puede reservarlas entretanto.
deciding-kept = Guardada para usted
deciding-until = hasta las { $time }
deciding-book = Reservar
deciding-release = Dejar libre
deciding-more = Ver más horas libres
deciding-empty = No hay ninguna hora guardada para usted.
deciding-empty-next = Elija una hora libre: se la guardamos cinco minutos para que decida con calma.
deciding-wanted = La hora que quería
deciding-lapsed = El tiempo para decidir ha terminado
deciding-lapsed-next = Ya no le guardamos esta hora. Quizá siga libre.
deciding-try-again = Guardármela de nuevo
deciding-forget = Ya no la necesito

taken-title = Esta hora está ocupada
taken-what = Alguien acaba de reservar la hora de las { $time }.
taken-next = Las próximas libres con { $doctor } son: { $times }.
taken-others = { $doctor } no tiene más horas libres, pero otros médicos sí: véalas abajo.
taken-none = No hay más horas libres de este tipo. Consulte todas las horas libres o llame a recepción.
taken-list = { $first } y { $last }
taken-keep = Guardármela
taken-other-doctors = Otros médicos
taken-all = Ver todas las horas libres

my-appointments-title = Mis citas
my-to-come = Próximas
my-past = Pasadas
my-cancelled = Anuladas
my-none-to-come = No tiene ninguna cita próxima.
my-none-to-come-next = Busque una hora libre: verá el precio con su seguro antes de reservar.
my-status-booked = Reservada
my-status-arrived = En la sala
my-status-done = Realizada
my-status-no-show = No acudió
my-status-cancelled = Anulada

my-appointment-title = Cita
my-move = Cambiar de hora
my-cancel = Anular
my-calendar = Añadir al calendario
my-calendar-summary = Consulta con { $doctor }
my-calendar-location = Centro de salud
my-estimate = Presupuesto firmado
my-estimate-hint = Un archivo firmado por el médico: cualquiera puede comprobar que ese precio se prometió.
my-history = Qué ha pasado
my-step-booked = Reservada
my-step-moved = Cambiada de hora
my-step-cancelled = Anulada
my-step-arrived = Llegada anotada
my-step-done = Anotada como realizada
my-step-no-show = Anotada como no acudida
my-step-other = Modificada

my-estimate-title = Presupuesto firmado
my-estimate-no-plan = No ha elegido ningún seguro.
my-estimate-no-plan-next = Elija su seguro en «Mis datos»: un presupuesto se hace para un seguro.
my-estimate-not-covered = Su seguro no cubre esta consulta.
my-estimate-not-covered-next = Pregunte el precio en recepción o elija otro seguro en «Mis datos».
my-estimate-not-enrolled = Este médico no firma presupuestos en línea.
my-estimate-not-enrolled-next = Pregunte el precio en recepción. Su cita sigue en pie.
my-estimate-silent = El médico no responde en este momento.
my-estimate-silent-next = Vuelva a intentarlo dentro de un minuto. Su cita sigue en pie de todos modos.

my-cancel-title = ¿Anular esta cita?
my-cancel-lead = La hora queda libre para otros en cuanto la anule. No se puede deshacer.
my-cancel-reason = Motivo (opcional)
my-cancel-reason-hint = En recepción podrán leerlo.
my-cancel-reason-wrong = El motivo es demasiado largo o tiene caracteres que no se pueden mostrar. Acórtelo o déjelo vacío.
my-cancel-now = Anular la cita
my-cancel-not = Mantener la cita

my-move-title = Cambiar la cita de hora
my-move-now = Ahora:
my-move-lead = Su hora sigue siendo suya hasta que tenga la nueva.
my-move-from = A partir de este día
my-move-show = Mostrar
my-move-same = Horas libres con
my-move-none = No hay horas libres a partir de este día. Elija un día anterior u otro médico.
my-move-here = Cambiar a esta
my-move-not = No cambiarla

me-title = Mis datos
me-person = Quién es usted
me-name = Nombre
me-birth-date = Fecha de nacimiento
me-contact = Contacto
me-unknown = Desconocido
me-person-hint = Si algo no es correcto, avise en recepción y lo corregirán.
me-household = Para quién
me-household-hint = ¿Para quién quiere reservar?
me-household-choose = Elegir
me-relation-myself = usted
me-relation-dependant = usted actúa por esta persona
me-plan-title = Seguro
me-plan = Seguro
me-plan-hint = Los médicos dan sus precios para este seguro. Déjelo vacío para no ver ninguno.
me-plan-wrong = El nombre de un seguro es una palabra de hasta 64 letras, sin espacios.
me-plan-choose = Guardar este seguro
me-data = Lo que sabemos de usted
me-data-lead = Son sus datos: vea quién los ha consultado o lléveselos todos en un archivo.
me-export = Descargar todos mis datos

access-title = Quién ha consultado mis datos
access-lead = Todos los que, aparte de usted, han consultado o cambiado estos datos; lo último primero.
access-none = Nadie lo ha hecho.
access-none-next = En cuanto alguien lo haga, aparecerá aquí.
access-book = Reservó una cita.
access-cancel = Anuló una cita.
access-reschedule = Cambió una cita de hora.
access-mark = Anotó el estado de una cita.
access-hold = Le guardó una hora.
access-release = Dejó libre una hora guardada para usted.
access-ticket = Preguntó un precio a un médico por usted.
access-look-at-appointments = Consultó sus citas.
access-look-at-patient = Consultó quién es usted.
access-look-at-everything = Consultó todo lo que sabemos de usted.
access-look-at-sheet = Vio su nombre en la agenda de un médico.
access-add-patient = Le dio de alta como paciente.
access-add-person = Le dio de alta como paciente.
access-change-person = Cambió sus datos personales.
access-choose-plan = Cambió su seguro.
access-add-dependant = Permitió que alguien actúe por usted.
access-invite = Creó un enlace para elegir su contraseña.
access-other = Hizo otra cosa con sus datos.

notice-my-booked = Su cita está reservada.
notice-my-released = La hora queda libre.
notice-my-cancelled = Su cita está anulada.
notice-my-moved = Su cita ha cambiado de hora.
notice-my-plan-chosen = Su seguro está guardado.
notice-my-plan-forgotten = Ya no se guarda ningún seguro.
notice-my-patient-chosen = A partir de ahora estas páginas tratan de la persona que ha elegido.
