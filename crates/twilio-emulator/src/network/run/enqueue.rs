//! What happens to a caller in line.

use crate::network::{Endpoint, Network};
use crate::sid::CallSid;

impl Network {
    /// REST takes a caller out of line and gives them other TwiML.
    pub(in crate::network) fn redirect_from_queue(&mut self, call: &CallSid, to: &Endpoint) {
        self.leave_queue(call);
        self.stop_sound(call);
        self.run_from(call, to);
    }
}
