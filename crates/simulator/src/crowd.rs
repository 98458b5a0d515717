//! A crowd of patients on real sockets, through `net`'s own patient.
