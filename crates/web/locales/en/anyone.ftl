# Pages that need no log-in.

slots-title = Find a slot
log-in-title = Log in
log-in-user = User name
log-in-password = Password
log-in-one-time = One-time code
log-in-one-time-hint = Staff only: the six digits that your authenticator shows.
demo-title = Log-ins of this demonstration
demo-role = Who
notice-logged-out = You are logged out.

# Finding a slot.

slots-filter = What you are looking for
slots-doctor = Doctor
slots-any-doctor = Any doctor
slots-specialty = Specialty
slots-any-specialty = Any specialty
slots-service = Kind of visit
slots-any-service = Any kind
slots-day = From
slots-time = Time of day
slots-time-any = Any time
slots-time-morning = Morning, until 12:00
slots-time-afternoon = Afternoon, 12:00 to 17:00
slots-time-evening = Evening, from 17:00
slots-show = Show slots
slots-everything = Show everything
slots-gone = Something you were looking for is no longer offered.
slots-gone-next = Here is what there is without it. Choose again if it is not what you want.
slots-log-in = Log in to see each doctor’s price for your plan.
slots-for = You are looking for
slots-for-somebody = a person of your household
slots-plan = Prices are the doctors’ own, for your plan
slots-plan-other = Choose another plan
slots-plan-choose = Choose your plan to see each doctor’s own price.
slots-views = Ways to show the slots
slots-view-list = Earliest first
slots-view-week = By week
slots-keep = Keep for 5 minutes
slots-keep-hint = A slot is kept for you while you decide. Nothing is booked before you say so.
slots-week-hint = Choose a time: it is kept for you for 5 minutes while you decide. Nothing is booked before you say so.
slots-minutes = { $count } min
slots-pages = More results
slots-later = Later slots
slots-earliest = Back to the earliest
slots-no-more = There are no later slots. Go back to the earliest, or look for something else.
slots-weeks = Weeks
slots-week-title = { $from } – { $until }
slots-week-before = The week before
slots-week-after = The week after
slots-week-none = Nothing is free in this week.
slots-week-next = The next free day is
slots-week-never = Nothing is free in the next three months. The front desk may know more.
slots-day-none = Nothing free
slots-more-times =
    { $count ->
        [one] 1 more time
       *[other] { $count } more times
    }
slots-doctors-more = More doctors
slots-doctors-first = Back to the first doctors
slots-none = Nothing is free that fits.
slots-none-next = Try another day, another time of day or another doctor, or call the front desk: sometimes a slot is given back.
slots-none-same = The next free ones with this choice of doctors
slots-none-anybody = The next free ones with any doctor
service-visit = Visit

# Prices beside slots.

price-not-covered = Your plan does not cover this
price-asking = Asking the doctor’s office …
price-silent = The doctor’s office does not answer just now; you can book all the same
price-not-enrolled = No price: this doctor gives none online
price-reload = Look again
price-age =
    { $count ->
        [one] as of 1 minute ago
       *[other] as of { $count } minutes ago
    }
