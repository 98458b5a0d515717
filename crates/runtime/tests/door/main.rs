//! Logging in through the whole runtime, with real hashes: who is let in, who is kept out, what shows
//! in the time it takes, and what it does to everybody else.

mod clinic;
mod judging;
mod load;
mod noting;
mod timing;
