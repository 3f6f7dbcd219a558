//! Queues: callers who wait in line for somebody to take them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::callback::{Params, push};
use super::views::root;
use super::{Endpoint, Network, not_found};
use crate::clock::rfc2822;
use crate::rest::ApiError;
use crate::sid::CallSid;

/// How many callers a queue holds unless told otherwise, and how many it may hold at most.
const SIZE_DEFAULT: usize = 1_000;
const SIZE_MAX: usize = 5_000;
/// Queues of all accounts.
const QUEUES_MAX: usize = 10_000;
const FRIENDLY_NAME_CHARACTERS_MAX: usize = 64;

/// A line of callers.
#[derive(Clone, Debug)]
pub(super) struct CallQueue {
    pub(super) sid: String,
    pub(super) account: String,
    name: String,
    size_max: usize,
    /// Longest waiting first.
    members: Vec<Member>,
    /// How many have left, and how long they had waited in all.
    left: u32,
    waited_s: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A caller in line.
#[derive(Clone, Debug)]
struct Member {
    call: CallSid,
    entered_at: Timestamp,
}

/// What a caller leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Departure {
    pub(super) queue: String,
    pub(super) waited_s: i64,
}

impl CallQueue {
    fn average_wait_s(&self) -> i64 {
        if self.left == 0 {
            0
        } else {
            self.waited_s / i64::from(self.left)
        }
    }

    fn position(&self, call: &CallSid) -> Option<usize> {
        self.members.iter().position(|member| member.call == *call)
    }
}

impl Network {
    fn queue_of(&self, account: &str, sid: &str) -> Result<&CallQueue, ApiError> {
        let mut queues = self.call_queues.iter();
        queues
            .find(|queue| queue.sid == sid && queue.account == account)
            .ok_or_else(|| not_found(sid))
    }

    fn queue_of_mut(&mut self, account: &str, sid: &str) -> Result<&mut CallQueue, ApiError> {
        let mut queues = self.call_queues.iter_mut();
        queues
            .find(|queue| queue.sid == sid && queue.account == account)
            .ok_or_else(|| not_found(sid))
    }

    /// The queue of this name, if there is one.
    pub(super) fn queue_named(&self, account: &str, name: &str) -> Option<String> {
        let mut queues = self.call_queues.iter();
        let queue = queues.find(|queue| queue.name == name && queue.account == account)?;
        Some(queue.sid.clone())
    }

    /// The queue of this name, made if need be; none if there are too many.
    pub(super) fn open_queue(&mut self, account: &str, name: &str) -> Option<String> {
        if let Some(known) = self.queue_named(account, name) {
            return Some(known);
        }
        self.create_queue(account, name, None).ok()
    }

    /// `POST Queues`.
    pub(crate) fn create_queue(
        &mut self,
        account: &str,
        name: &str,
        size_max: Option<usize>,
    ) -> Result<String, ApiError> {
        check_name(name)?;
        if self.queue_named(account, name).is_some() {
            return Err(name_taken(name));
        }
        if self.call_queues.len() >= QUEUES_MAX {
            return Err(ApiError::new(400, 22001, "Too many queues".to_owned()));
        }
        let sid = self.sids.next("QU");
        self.call_queues.push(CallQueue {
            sid: sid.clone(),
            account: account.to_owned(),
            name: name.to_owned(),
            size_max: check_size(size_max)?.unwrap_or(SIZE_DEFAULT),
            members: Vec::new(),
            left: 0,
            waited_s: 0,
            created_at: self.now,
            updated_at: self.now,
        });
        Ok(sid)
    }

    /// `POST Queues/{QU}`.
    pub(crate) fn update_queue(
        &mut self,
        account: &str,
        sid: &str,
        name: Option<String>,
        size_max: Option<usize>,
    ) -> Result<(), ApiError> {
        let (now, size_max) = (self.now, check_size(size_max)?);
        if let Some(name) = &name {
            check_name(name)?;
            if self.queue_named(account, name).is_some_and(|taken| taken != sid) {
                return Err(name_taken(name));
            }
        }
        let queue = self.queue_of_mut(account, sid)?;
        queue.name = name.unwrap_or_else(|| queue.name.clone());
        queue.size_max = size_max.unwrap_or(queue.size_max);
        queue.updated_at = now;
        Ok(())
    }

    /// `DELETE Queues/{QU}`, which must be empty.
    pub(crate) fn delete_queue(&mut self, account: &str, sid: &str) -> Result<(), ApiError> {
        if !self.queue_of(account, sid)?.members.is_empty() {
            let message = format!("Queue {sid} is not empty");
            return Err(ApiError::new(400, 22002, message));
        }
        self.call_queues.retain(|queue| queue.sid != sid);
        Ok(())
    }

    /// Puts a caller at the end of the line; false if it is full.
    pub(super) fn enter_queue(&mut self, queue: &str, call: &CallSid) -> bool {
        let now = self.now;
        let Some(found) = self.call_queues.iter_mut().find(|it| it.sid == queue) else {
            return false;
        };
        if found.members.len() >= found.size_max {
            return false;
        }
        found.members.push(Member {
            call: call.clone(),
            entered_at: now,
        });
        self.log("queue.enter", &[("call", call.as_str()), ("queue", queue)]);
        true
    }

    /// Takes a caller out of line, wherever they stand.
    pub(super) fn leave_queue(&mut self, call: &CallSid) -> Option<Departure> {
        let now = self.now;
        let (queue, at) = self
            .call_queues
            .iter_mut()
            .find_map(|queue| queue.position(call).map(|at| (queue, at)))?;
        let member = queue.members.remove(at);
        let departure = Departure {
            queue: queue.sid.clone(),
            waited_s: now.duration_since(member.entered_at).as_secs(),
        };
        queue.left += 1;
        queue.waited_s += departure.waited_s;
        self.log(
            "queue.leave",
            &[("call", call.as_str()), ("queue", &departure.queue)],
        );
        Some(departure)
    }

    /// Who has waited longest.
    pub(super) fn front_of_queue(&self, queue: &str) -> Option<CallSid> {
        let queue = self.call_queues.iter().find(|it| it.sid == queue)?;
        queue.members.first().map(|member| member.call.clone())
    }

    /// What requests about a waiting caller say.
    pub(super) fn queue_facts(&self, call: &CallSid) -> Params {
        let mut facts = Params::new();
        let place = |queue: &CallQueue| queue.position(call);
        let Some((queue, at)) = self
            .call_queues
            .iter()
            .find_map(|queue| place(queue).map(|at| (queue, at)))
        else {
            return facts;
        };
        let waited_s = self.now.duration_since(queue.members[at].entered_at).as_secs();
        push(&mut facts, "QueueSid", &queue.sid);
        push(&mut facts, "QueuePosition", &(at + 1).to_string());
        push(&mut facts, "QueueTime", &waited_s.to_string());
        push(&mut facts, "AvgQueueTime", &queue.average_wait_s().to_string());
        push(&mut facts, "CurrentQueueSize", &queue.members.len().to_string());
        push(&mut facts, "MaxQueueSize", &queue.size_max.to_string());
        facts
    }

    /// `POST Members/{CA or Front}`: the caller leaves the line for other TwiML.
    pub(crate) fn dequeue(
        &mut self,
        account: &str,
        queue: &str,
        name: &str,
        to: &Endpoint,
    ) -> Result<Value, ApiError> {
        let (call, view) = {
            let found = self.queue_of(account, queue)?;
            let at = member_at(found, name)?;
            (found.members[at].call.clone(), self.member_json(found, at))
        };
        self.redirect_from_queue(&call, to);
        Ok(view)
    }

    pub(crate) fn queue_view(&self, account: &str, sid: &str) -> Result<Value, ApiError> {
        self.queue_of(account, sid).map(queue_json)
    }

    pub(crate) fn list_queues(&self, account: &str) -> Vec<Value> {
        let own = self.call_queues.iter().filter(|queue| queue.account == account);
        own.map(queue_json).collect()
    }

    pub(crate) fn member_view(&self, account: &str, sid: &str, name: &str) -> Result<Value, ApiError> {
        let queue = self.queue_of(account, sid)?;
        Ok(self.member_json(queue, member_at(queue, name)?))
    }

    pub(crate) fn list_members(&self, account: &str, sid: &str) -> Result<Vec<Value>, ApiError> {
        let queue = self.queue_of(account, sid)?;
        Ok((0..queue.members.len())
            .map(|at| self.member_json(queue, at))
            .collect())
    }

    fn member_json(&self, queue: &CallQueue, at: usize) -> Value {
        let member = &queue.members[at];
        let uri = format!("{}/Queues/{}/Members", root(&queue.account), queue.sid);
        json!({
            "call_sid": member.call,
            "queue_sid": queue.sid,
            "date_enqueued": rfc2822(member.entered_at),
            "position": at + 1,
            "wait_time": self.now.duration_since(member.entered_at).as_secs(),
            "uri": format!("{uri}/{}.json", member.call),
        })
    }
}

fn member_at(queue: &CallQueue, name: &str) -> Result<usize, ApiError> {
    if name.eq_ignore_ascii_case("front") {
        return if queue.members.is_empty() {
            Err(not_found(name))
        } else {
            Ok(0)
        };
    }
    queue
        .position(&CallSid::from_text(name))
        .ok_or_else(|| not_found(name))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if name.is_empty() || name.chars().count() > FRIENDLY_NAME_CHARACTERS_MAX {
        let message = "FriendlyName must have 1 to 64 characters".to_owned();
        return Err(ApiError::new(400, 22004, message));
    }
    Ok(())
}

fn name_taken(name: &str) -> ApiError {
    ApiError::new(400, 22003, format!("A queue with the name {name} already exists"))
}

fn check_size(size: Option<usize>) -> Result<Option<usize>, ApiError> {
    if size.is_some_and(|size| !(1..=SIZE_MAX).contains(&size)) {
        let message = format!("MaxSize must be from 1 to {SIZE_MAX}");
        return Err(ApiError::parameter(message));
    }
    Ok(size)
}

fn queue_json(queue: &CallQueue) -> Value {
    let uri = format!("{}/Queues/{}", root(&queue.account), queue.sid);
    json!({
        "sid": queue.sid,
        "account_sid": queue.account,
        "friendly_name": queue.name,
        "current_size": queue.members.len(),
        "max_size": queue.size_max,
        "average_wait_time": queue.average_wait_s(),
        "date_created": rfc2822(queue.created_at),
        "date_updated": rfc2822(queue.updated_at),
        "uri": format!("{uri}.json"),
        "subresource_uris": { "members": format!("{uri}/Members.json") },
    })
}
