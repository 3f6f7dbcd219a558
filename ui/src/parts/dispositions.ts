// What a rep may choose when a conversation ends, in the words of the screen.
import type { AttemptResult, Disposition } from "../backend";

/** Good news, neutral, or a number to stop calling. */
export type Tone = "good" | "neutral" | "stop";

export const DISPOSITIONS: Readonly<Record<Disposition, { label: string; tone: Tone }>> = {
  interested: { label: "Interested", tone: "good" },
  meeting: { label: "Meeting booked", tone: "good" },
  call_back: { label: "Call back", tone: "neutral" },
  not_interested: { label: "Not interested", tone: "neutral" },
  voicemail: { label: "Voicemail", tone: "neutral" },
  wrong_number: { label: "Wrong number", tone: "stop" },
  do_not_call: { label: "Do not call", tone: "stop" },
};

export const RESULTS: Readonly<Record<AttemptResult, string>> = {
  talked: "Talked",
  abandoned: "Answered, but no rep was free",
  no_answer: "No answer",
  busy: "Busy",
  failed: "Could not be reached",
  canceled: "Canceled before it was answered",
  not_placed: "Never placed",
};
