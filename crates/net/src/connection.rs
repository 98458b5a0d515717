//! One patient's TCP connection to the center: bytes to the conversation, requests to the visit,
//! effects to the runtime, and back.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::time::Instant;

use center::{Rules, Step, Visit, Visitor};
use domain::Refusal;
use protocol::limits::Deadlines;
use protocol::screen::center as screen;
use protocol::{Conversation, Reply, Request, SlotNamed};
use runtime::Runtime;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};

use crate::crowd::Admission;
use crate::limits::{LINGER, READ_BYTES, WRITE_DEADLINE};
use crate::{Screen, Shutdown};

/// What every connection of a center shares.
#[derive(Clone)]
pub struct Center {
    /// What does the work.
    pub runtime: Runtime,
    /// What holds for every visit.
    pub rules: Rules,
    /// How long it waits for a peer.
    pub deadlines: Deadlines,
    /// Where it shows what it does.
    pub screen: Screen,
}

pub(crate) struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    center: Center,
    admission: Admission,
    conversation: Conversation,
    visit: Visit,
}

/// What happened at the socket.
enum Event {
    Bytes(usize),
    Ended,
    Timeout,
    Shutdown,
}

impl Connection {
    pub(crate) fn new(
        stream: TcpStream,
        peer: SocketAddr,
        center: Center,
        admission: Admission,
    ) -> Self {
        let conversation = Conversation::new(center.deadlines, Instant::now());
        let visit = Visit::new(center.rules.clone(), Visitor { source: peer.ip() });
        Self { stream, peer, center, admission, conversation, visit }
    }

    /// Serves the patient to the end of the visit, or of the center.
    pub(crate) async fn serve(mut self, mut shutdown: Shutdown) -> io::Result<()> {
        // Replies are small and awaited: no waiting for more to send along (RFC 1122 §4.2.3.4).
        self.stream.set_nodelay(true)?;
        let mut buffer = vec![0; READ_BYTES];
        let mut now = Instant::now();
        loop {
            while let Some(request) = self.conversation.next_request(now) {
                let reply = self.reply_to(request).await;
                now = Instant::now();
                self.conversation.answer(now, &reply);
                self.write_out().await?;
            }
            self.write_out().await?;
            if self.conversation.is_over() {
                return self.hang_up(&mut buffer).await;
            }
            let event = self.wait(&mut buffer, &mut shutdown).await?;
            now = Instant::now();
            match event {
                Event::Bytes(count) => {
                    self.conversation.receive(now, &buffer[..count]);
                    // A deadline may have passed while bytes kept coming.
                    self.conversation.handle_timeout(now);
                }
                Event::Ended => self.conversation.end_of_input(),
                Event::Timeout if !self.has_more_to_read() => {
                    self.conversation.handle_timeout(now);
                }
                // It is here and only not reported yet: this machine was busy, not the peer silent.
                Event::Timeout => tokio::task::yield_now().await,
                Event::Shutdown => return self.finish(buffer).await,
            }
        }
    }

    /// Whether the kernel has bytes, or the end, for us that would be read next.
    fn has_more_to_read(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        self.conversation.wants_input() && SockRef::from(&self.stream).peek(&mut byte).is_ok()
    }

    async fn wait(&mut self, buffer: &mut [u8], shutdown: &mut Shutdown) -> io::Result<Event> {
        let due = self.conversation.next_timeout();
        let timeout = async {
            match due {
                Some(due) => sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = shutdown.wait() => Ok(Event::Shutdown),
            read = self.stream.read(buffer), if self.conversation.wants_input() => match read? {
                0 => Ok(Event::Ended),
                count => Ok(Event::Bytes(count)),
            },
            () = timeout => Ok(Event::Timeout),
        }
    }

    /// From the request to its reply, with everything that has to be done in between.
    async fn reply_to(&mut self, request: Request) -> Reply {
        if self.admission == Admission::Refused {
            return Reply::Refused(Refusal::Busy);
        }
        let asked = Asked::of(&request);
        self.show_request(&asked);
        let entropy = runtime::fresh_entropy();
        let mut step = self.visit.request(runtime::now(), &entropy, request);
        let reply = loop {
            match step {
                Step::Answer(reply) => break reply,
                Step::Do(effect) => {
                    let fed = self.center.runtime.carry_out(effect).await;
                    step = self.visit.resume(fed);
                }
            }
        };
        self.visit.take_notes().into_iter().for_each(|note| self.center.runtime.note(note));
        self.show_reply(&asked, &reply);
        reply
    }

    fn show_request(&self, asked: &Asked) {
        let (port, ip) = (self.peer.port(), self.peer.ip());
        match (asked, self.visit.user()) {
            (Asked::LogIn(user), _) => {
                self.center.screen.show(|| screen::received_log_in(user));
            }
            (Asked::List, Some(_)) => {
                self.center.screen.show(|| screen::received_list_request(port, ip));
            }
            (Asked::Slot(slot), Some(user)) => {
                self.center.screen.show(|| screen::received_selection(slot, port, user));
            }
            _ => {}
        }
    }

    fn show_reply(&self, asked: &Asked, reply: &Reply) {
        let show = &self.center.screen;
        match (asked, reply, self.visit.user()) {
            (Asked::LogIn(user), Reply::LoggedIn(_), _) => {
                show.show(|| screen::answered_log_in(user, "success"));
            }
            (Asked::LogIn(user), _, _) => show.show(|| screen::answered_log_in(user, "failure")),
            (Asked::List, Reply::Slots(_), Some(user)) => show.show(|| screen::sent_list(user)),
            (
                Asked::Slot(_),
                Reply::Booked(referral) | Reply::AlreadyHeld(referral),
                Some(user),
            ) => {
                if let protocol::Referral::Full(referred) = referral {
                    let slot = referred.view.appointment.slot.index;
                    show.show(|| screen::confirms(slot, user));
                }
            }
            (Asked::Slot(slot), _, Some(user)) => show.show(|| screen::rejects(slot, user)),
            _ => {}
        }
    }

    /// Answers what has come already, and no more: the center closes.
    async fn finish(mut self, mut buffer: Vec<u8>) -> io::Result<()> {
        if let Ok(count @ 1..) = self.stream.try_read(&mut buffer) {
            self.conversation.receive(Instant::now(), &buffer[..count]);
        }
        while let Some(request) = self.conversation.next_request(Instant::now()) {
            let reply = self.reply_to(request).await;
            self.conversation.answer(Instant::now(), &reply);
        }
        self.write_out().await?;
        self.hang_up(&mut buffer).await
    }

    async fn write_out(&mut self) -> io::Result<()> {
        let output = self.conversation.take_output();
        if output.is_empty() {
            return Ok(());
        }
        timeout(WRITE_DEADLINE, self.stream.write_all(&output)).await?
    }

    /// Says goodbye so that the last reply arrives: closing a socket with unread bytes in it would
    /// reset the connection and take the reply along.
    async fn hang_up(mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.stream.shutdown().await?;
        let drained = async {
            while self.stream.read(buffer).await? > 0 {}
            io::Result::Ok(())
        };
        timeout(LINGER, drained).await.unwrap_or(Ok(()))
    }
}

/// What of a request the screen needs once it is under way.
enum Asked {
    LogIn(domain::UserName),
    List,
    Slot(String),
    Other,
}

impl Asked {
    fn of(request: &Request) -> Self {
        match request {
            Request::LogIn { user, .. } => Self::LogIn(user.clone()),
            Request::Board | Request::Slots(_) => Self::List,
            Request::Book { slot, .. } => Self::Slot(match slot {
                SlotNamed::Index(index) | SlotNamed::Id { id: _, index: Some(index) } => {
                    index.to_string()
                }
                SlotNamed::Id { id, index: None } => format!("with id {id}"),
            }),
            _ => Self::Other,
        }
    }
}
