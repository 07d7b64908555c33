//! A sink on a thread of its own: it may be busy for minutes while the driver goes on.
//!
//! ```text
//! driver ──questions──▶ thread: open, append, flush ──answers──▶ driver
//! ```
//!
//! Each question is answered once, as the input that the machine waits for. If the sink panics its end of the
//! channels is dropped, and that is what the driver sees.

use std::io;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use highwater_core::Input;
use highwater_core::event::Payload;
use highwater_core::number::Op;
use highwater_core::sink::{Append, Sink};
use tokio::sync::mpsc;

use super::{Ended, Ending};

/// So many questions may wait. The machine has one append in flight, and asks little besides.
const QUESTIONS_MAX: usize = 8;

/// What the machine wants of its sink.
#[derive(Debug)]
pub enum Question<P: Payload> {
    /// Open it, and say what is durable.
    Open(Op),
    /// Make this durable.
    Append(Append<P>),
    /// Make durable whatever was answered for.
    Flush(Op),
}

/// The driver's end.
#[derive(Debug)]
pub struct Worker<P: Payload> {
    questions: mpsc::Sender<Question<P>>,
    answers: mpsc::Receiver<Input<P>>,
    ending: Ending,
    thread: Option<JoinHandle<()>>,
}

/// The sink's end.
#[derive(Debug)]
pub struct Bench<P: Payload> {
    questions: mpsc::Receiver<Question<P>>,
    answers: mpsc::Sender<Input<P>>,
}

/// Why there will be no more answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The sink said so.
    Ended(Ended),
    /// It panicked: a mistake of whoever wrote it, after which nothing is certain.
    Panicked(String),
}

impl<P: Payload + Send + Sync + 'static> Worker<P>
where
    P::Key: Send,
{
    /// Gives `sink` a thread. `ending` is the sink's own, by which it says that it is over for good.
    pub fn spawn<S>(mut sink: S, ending: Ending) -> io::Result<Self>
    where
        S: Sink<P> + Send + 'static,
    {
        let (mut worker, mut bench) = Self::pair(ending);
        let thread = std::thread::Builder::new().name("sink".into());
        worker.thread = Some(thread.spawn(move || {
            while let Some(question) = bench.questions.blocking_recv() {
                let answer = question.put_to(&mut sink);
                if bench.answers.blocking_send(answer).is_err() {
                    break;
                }
            }
        })?);
        Ok(worker)
    }
}

impl<P: Payload> Worker<P> {
    /// Both ends, for a sink that is run in another way than on a thread.
    pub fn pair(ending: Ending) -> (Self, Bench<P>) {
        let (ask, questions) = mpsc::channel(QUESTIONS_MAX);
        let (answer, answers) = mpsc::channel(QUESTIONS_MAX);
        (Self { questions: ask, answers, ending, thread: None }, Bench { questions, answers: answer })
    }

    /// Puts a question; its answer comes by [`poll_answer`](Self::poll_answer).
    ///
    /// # Panics
    /// If more than a few questions are open, which no machine of ours does.
    pub fn ask(&self, question: Question<P>) {
        if let Err(mpsc::error::TrySendError::Full(question)) = self.questions.try_send(question) {
            panic!("the machine waits for answers before it asks {question:?}");
        }
        // Where the sink is gone, the next look for an answer says so.
    }

    /// The next answer.
    pub fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<Input<P>, Gone>> {
        let answer = std::task::ready!(self.answers.poll_recv(cx));
        Poll::Ready(match (answer, self.ending.get()) {
            (_, Some(ended)) => Err(Gone::Ended(ended.clone())),
            (Some(answer), None) => Ok(answer),
            (None, None) => Err(Gone::Panicked(self.last_words())),
        })
    }

    /// Asks nothing more, and waits until the sink is dropped and has let go of its files, but not beyond `patience`.
    pub async fn finish(self, patience: Duration) {
        let Self { questions, mut answers, .. } = self;
        drop(questions);
        let _ = tokio::time::timeout(patience, async { while answers.recv().await.is_some() {} }).await;
    }

    fn last_words(&mut self) -> String {
        // The thread is over: it dropped its end.
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(panic)) => crate::panic::message(&*panic),
            Some(Ok(())) | None => "it ended before it was told to".to_owned(),
        }
    }
}

impl<P: Payload> Bench<P> {
    /// The next question; none once the driver is gone.
    pub async fn next(&mut self) -> Option<Question<P>> {
        self.questions.recv().await
    }

    /// Answers a question.
    pub async fn answer(&self, answer: Input<P>) {
        // A driver that is gone wants no answer.
        let _ = self.answers.send(answer).await;
    }
}

impl<P: Payload> Question<P> {
    /// Puts it to `sink`, for as long as that takes.
    pub fn put_to(self, sink: &mut impl Sink<P>) -> Input<P> {
        match self {
            Self::Open(op) => Input::Loaded { op, loaded: sink.open() },
            Self::Append(append) => Input::Appended { op: append.op, appended: sink.append(&append) },
            Self::Flush(op) => Input::Flushed { op, flushed: sink.flush() },
        }
    }
}
