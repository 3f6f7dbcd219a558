import { expect, test } from "vitest";

import { plainOnLoopback } from "./loopback";

test.each([
  ["wss://127.0.0.1:8080/signal", "ws://127.0.0.1:8080/signal"],
  ["wss://127.3.2.1/signal", "ws://127.3.2.1/signal"],
  ["wss://localhost:8080/signal", "ws://localhost:8080/signal"],
  ["wss://[::1]:8080/signal", "ws://[::1]:8080/signal"],
  ["wss://voice-js.roaming.twilio.com/signal", "wss://voice-js.roaming.twilio.com/signal"],
  ["wss://127.0.0.1.example.com/signal", "wss://127.0.0.1.example.com/signal"],
  ["wss://localhost.example.com/signal", "wss://localhost.example.com/signal"],
])("%s opens %s", (asked, opened) => {
  expect(plainOnLoopback(asked)).toBe(opened);
});
