//! The crate from outside: two peers over real UDP on the loopback interface.

mod peers;
