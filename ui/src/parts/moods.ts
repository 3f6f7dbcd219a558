// What the seat is doing, in the one word and colour that the whole window takes on.
import type { SeatState } from "../backend";

export type Mood = "off" | SeatState["kind"];

export const MOODS: Readonly<Record<Mood, string>> = {
  off: "Not seated",
  joining: "Joining",
  paused: "Paused",
  waiting: "Waiting",
  dialing: "Dialing",
  talking: "In call",
  wrap_up: "Wrap-up",
};
