//! Bounded lines of jobs in front of a few threads, each with something of its own to work with. Who
//! comes next is [`Lanes`]' business.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::lanes::{Lane, LaneLimits, Lanes};

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// The line is full, or closed.
#[derive(Debug)]
pub(crate) struct PoolFull;

/// The way to the threads.
pub(crate) struct Pool<T> {
    line: Arc<Line<T>>,
}

struct Line<T> {
    state: Mutex<State<T>>,
    something_came: Condvar,
}

struct State<T> {
    jobs: Lanes<Job<T>>,
    closed: bool,
}

impl<T: Send + 'static> Pool<T> {
    /// Starts one thread for each of `tools`; each runs `at_start` first.
    pub(crate) fn start(
        name: &str,
        tools: Vec<T>,
        limits: LaneLimits,
        at_start: fn(),
        threads: &mut Vec<JoinHandle<()>>,
    ) -> std::io::Result<Self> {
        let line = Arc::new(Line {
            state: Mutex::new(State { jobs: Lanes::new(limits), closed: false }),
            something_came: Condvar::new(),
        });
        for mut tool in tools {
            let line = Arc::clone(&line);
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
                at_start();
                while let Some(job) = line.next_job() {
                    // A job that panics takes its own answer with it, not the thread.
                    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        job(&mut tool);
                    }));
                    if ended.is_err() {
                        tracing::error!("a job panicked; the thread goes on");
                    }
                }
            })?;
            threads.push(thread);
        }
        Ok(Self { line })
    }

    /// Puts a job in line. Another one may lose its place for it, and is dropped without having run.
    pub(crate) fn run(
        &self,
        lane: Lane,
        job: impl FnOnce(&mut T) + Send + 'static,
    ) -> Result<(), PoolFull> {
        let mut state = self.line.lock();
        if state.closed {
            return Err(PoolFull);
        }
        let displaced = state.jobs.push(lane, Box::new(job)).map_err(|_| PoolFull)?;
        self.line.something_came.notify_one();
        // What a job holds may do something when it is dropped: not while the line is locked.
        drop(state);
        drop(displaced);
        Ok(())
    }

    /// Nothing more comes; what is in line is still done.
    pub(crate) fn close(&self) {
        self.line.lock().closed = true;
        self.line.something_came.notify_all();
    }
}

impl<T> Line<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_job(&self) -> Option<Job<T>> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self.something_came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_full_line_refuses_and_a_panicking_job_hurts_nobody() {
        let mut threads = Vec::new();
        let limits = LaneLimits { waiting_max: 2, per_source_max: 2 };
        let pool = Pool::start("test", vec![0_u32], limits, || {}, &mut threads).unwrap();
        let (started, has_started) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        pool.run(Lane::Known, move |_| {
            started.send(()).unwrap();
            let _ = released.recv();
        })
        .unwrap();
        has_started.recv().unwrap();
        let (done, results) = mpsc::channel();
        pool.run(Lane::Known, |_| panic!("on purpose")).unwrap();
        pool.run(Lane::Known, move |_| done.send(7).unwrap()).unwrap();
        assert!(pool.run(Lane::Known, |_| {}).is_err());
        drop(release);
        assert_eq!(results.recv(), Ok(7));
        pool.close();
        assert!(pool.run(Lane::Known, |_| {}).is_err());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
