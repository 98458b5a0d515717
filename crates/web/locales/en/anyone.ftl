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
