//! One patient's TCP connection to the center: bytes to the conversation, requests to the visit,
//! effects to the runtime, and back.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use center::{Effect, Fed, Rules, Step, Visit, Visitor};
use domain::Refusal;
use ipnet::IpNet;
use protocol::screen::center as screen;
use protocol::{Conversation, ConversationSettings, Reply, Request, SlotNamed};
use runtime::Runtime;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::time::{sleep_until, timeout};

use crate::arrival::has_more_to_read;
use crate::crowd::{Admission, Known, Place};
use crate::limits::{LINGER, Limits, READ_BYTES, WRITE_DEADLINE};
use crate::stream::PeerStream;
use crate::tls::TlsDoor;
use crate::{PlaintextFrom, Screen, Shutdown};

/// What every connection of a center shares.
#[derive(Clone)]
pub struct Center {
    /// What does the work.
    pub runtime: Runtime,
    /// What holds for every visit.
    pub rules: Rules,
    /// How much of everything, and for how long.
    pub limits: Limits,
    /// From where it answers in plaintext.
    pub plaintext: PlaintextFrom,
    /// Whose PROXY headers are believed; a connection from there must begin with one.
    pub trusted_proxies: Vec<IpNet>,
    /// Its certificate; `None` for a center that speaks no TLS.
    pub tls: Option<TlsDoor>,
    /// Where it shows what it does.
    pub screen: Screen,
}

/// Somebody who has said something.
pub(crate) struct Peer {
    pub(crate) stream: PeerStream,
    /// The real one, also behind a trusted proxy.
    pub(crate) source: IpAddr,
    pub(crate) port: u16,
    pub(crate) place: Place,
    pub(crate) accepted: Instant,
}

pub(crate) struct Connection {
    stream: PeerStream,
    source: IpAddr,
    port: u16,
    place: Place,
    center: Arc<Center>,
    conversation: Conversation,
    visit: Visit,
}

/// What happened at the socket.
enum Event {
    Bytes,
    Ended,
    Timeout,
    Dismissed,
    Shutdown,
}

impl Connection {
    pub(crate) fn new(peer: Peer, center: Arc<Center>, settings: ConversationSettings) -> Self {
        let Peer { stream, source, port, place, accepted } = peer;
        let conversation = Conversation::new(settings, accepted);
        let visit = Visit::new(center.rules.clone(), Visitor { source });
        Self { stream, source, port, place, center, conversation, visit }
    }

    /// Serves the patient to the end of the visit, or of the center.
    pub(crate) async fn serve(&mut self, mut shutdown: Shutdown) -> io::Result<()> {
        let mut now = Instant::now();
        loop {
            while let Some(request) = self.conversation.next_request(now) {
                let (reply, admission) = Box::pin(self.reply_to(request)).await?;
                now = Instant::now();
                self.conversation.answer(now, &reply);
                self.write_out().await?;
                if admission == Admission::Refused {
                    // Told so once, it makes room for the next who is to be told.
                    return self.hang_up().await;
                }
            }
            self.write_out().await?;
            if self.conversation.is_over() {
                return self.hang_up().await;
            }
            let event = self.wait(&mut shutdown).await?;
            now = Instant::now();
            match event {
                // A deadline may have passed while bytes kept coming.
                Event::Bytes => self.conversation.handle_timeout(now),
                Event::Ended => self.conversation.end_of_input(),
                Event::Timeout if !self.has_more_to_read() => {
                    self.conversation.handle_timeout(now);
                }
                // It is here and only not reported yet: this machine was busy, not the peer silent.
                Event::Timeout => tokio::task::yield_now().await,
                Event::Dismissed => return self.leave(now).await,
                Event::Shutdown => return self.finish().await,
            }
        }
    }

    /// Whether the kernel has bytes, or the end, for us that would be read next.
    fn has_more_to_read(&self) -> bool {
        self.conversation.wants_input() && has_more_to_read(self.stream.tcp())
    }

    async fn wait(&mut self, shutdown: &mut Shutdown) -> io::Result<Event> {
        let Self { stream, conversation, place, .. } = self;
        let due = conversation.next_timeout();
        let timeout = async {
            match due {
                Some(due) => sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        let wants_input = conversation.wants_input();
        tokio::select! {
            biased;
            () = shutdown.wait() => Ok(Event::Shutdown),
            read = poll_fn(|context| poll_receive(stream, conversation, context)), if wants_input => {
                Ok(if read? > 0 { Event::Bytes } else { Event::Ended })
            }
            () = place.dismissed() => Ok(Event::Dismissed),
            () = timeout => Ok(Event::Timeout),
        }
    }

    /// From the request to its reply, with everything that has to be done in between; and whether
    /// there is a place for the peer at all.
    async fn reply_to(&mut self, request: Request) -> io::Result<(Reply, Admission)> {
        let admission = self.place.begin_work(self.known());
        if admission == Admission::Refused {
            return Ok((Reply::Refused(Refusal::Busy), admission));
        }
        let asked = Asked::of(&request);
        self.show_request(&asked);
        let entropy = runtime::fresh_entropy();
        let mut step = self.visit.request(runtime::now(), &entropy, request);
        let reply = loop {
            match step {
                Step::Answer(reply) => break reply,
                Step::Do(effect) => {
                    let fed = self.carry_out(effect).await?;
                    step = self.visit.resume(fed);
                }
            }
        };
        self.visit.take_notes().into_iter().for_each(|note| self.center.runtime.note(note));
        self.show_reply(&asked, &reply);
        self.place.end_work(self.known());
        Ok((reply, admission))
    }

    /// What a stranger asks for is called off when the stranger goes: whoever only fills the line
    /// for hashes loses the place in it. What changes the store is never called off.
    async fn carry_out(&self, effect: Effect) -> io::Result<Fed> {
        let changes = matches!(effect, Effect::Commit(_));
        let carried_out = self.center.runtime.carry_out(effect);
        if changes || self.known() == Known::LoggedIn {
            return Ok(carried_out.await);
        }
        tokio::select! {
            biased;
            fed = carried_out => Ok(fed),
            () = self.stream.gone() => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    fn known(&self) -> Known {
        if self.visit.is_logged_in() { Known::LoggedIn } else { Known::Stranger }
    }

    fn show_request(&self, asked: &Asked) {
        let (port, ip) = (self.port, self.source);
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
    async fn finish(&mut self) -> io::Result<()> {
        let Self { stream, conversation, .. } = &mut *self;
        poll_fn(|context| {
            // Nothing there, or broken: what was there before is answered all the same.
            let _ = poll_receive(stream, conversation, context);
            Poll::Ready(())
        })
        .await;
        while let Some(request) = self.conversation.next_request(Instant::now()) {
            let (reply, _) = Box::pin(self.reply_to(request)).await?;
            self.conversation.answer(Instant::now(), &reply);
            // One by one: what has come may ask for a thousand lists.
            self.write_out().await?;
        }
        self.write_out().await?;
        self.hang_up().await
    }

    /// Makes room for somebody else, at once.
    async fn leave(&mut self, now: Instant) -> io::Result<()> {
        self.conversation.dismiss(now);
        let last_word = async {
            self.write_out().await?;
            self.stream.shutdown().await
        };
        timeout(LINGER, last_word).await.unwrap_or(Ok(()))
    }

    async fn write_out(&mut self) -> io::Result<()> {
        let output = self.conversation.take_output();
        if output.is_empty() {
            return Ok(());
        }
        let written = async {
            self.stream.write_all(&output).await?;
            // Under TLS, writing is not yet sending.
            self.stream.flush().await
        };
        timeout(WRITE_DEADLINE, written).await?
    }

    /// Says goodbye so that the last reply arrives: closing a socket with unread bytes in it would
    /// reset the connection and take the reply along.
    async fn hang_up(&mut self) -> io::Result<()> {
        let goodbye = async {
            self.stream.shutdown().await?;
            let mut unread = [0; 256];
            while self.stream.read(&mut unread).await? > 0 {}
            io::Result::Ok(())
        };
        tokio::select! {
            biased;
            said = timeout(LINGER, goodbye) => said.unwrap_or(Ok(())),
            () = self.place.dismissed() => Ok(()),
        }
    }
}

/// Reads once, without a buffer that outlives it: most connections wait most of the time.
fn poll_receive(
    stream: &mut PeerStream,
    conversation: &mut Conversation,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut bytes = [0; READ_BYTES];
    let mut buffer = ReadBuf::new(&mut bytes);
    ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
    conversation.receive(Instant::now(), buffer.filled());
    Poll::Ready(Ok(buffer.filled().len()))
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
