//! The pages over real connections: a browser's requests, byte by byte, against a real center.

mod attacks;
mod browser;
mod clinic;
mod coming_in;
<<<<<<< HEAD
mod connections;
mod patient;
mod patient_data;
mod strangers;
=======
mod desk;
mod live;
mod schedule;
>>>>>>> desk
