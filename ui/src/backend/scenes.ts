// The situations that the scene backend can show: snapshots made up for tests, screenshots and designers.
import type { Attempt, CallRecord, Campaign, Disposition, Lead, SeatState, Snapshot } from "./bindings";

/** One moment for all scenes, so that screenshots repeat: a Tuesday, 11:42 in New York. */
export const NOW_MS = Date.parse("2026-11-17T16:42:00Z");

export const CAMPAIGNS: Campaign[] = [
  {
    campaignId: "01JCAMPA1GN000000000000001",
    name: "Dental practices, spring offer",
    script: [
      "Hi, this is Maya with Brightline. I know I'm calling out of the blue — do you have half a minute so I can say why?",
      "We help dental practices fill the chairs that stay empty when somebody cancels late. Practices of your size get back about six appointments a week.",
      "How do you handle late cancellations today? Who calls the waiting list?",
      "If that sounds worth fifteen minutes, I'd like to show you on a screen. Would Thursday morning or Friday after lunch suit you better?",
      "If not now: may I ask what would have to change for this to be interesting?",
    ].join("\n\n"),
    leadCount: 1248,
    callableCount: 312,
    dispositions: [
      "interested",
      "meeting",
      "call_back",
      "not_interested",
      "voicemail",
      "wrong_number",
      "do_not_call",
    ],
  },
  {
    campaignId: "01JCAMPA1GN000000000000002",
    name: "Renewals in November",
    script: "Hi, this is Maya with Brightline, about your renewal.",
    leadCount: 86,
    callableCount: 0,
    dispositions: ["interested", "call_back", "not_interested", "do_not_call"],
  },
];

const LEADS: Lead[] = [
  {
    leadId: "01J1EAD0000000000000000001",
    name: "Eleanor Whitfield",
    company: "Whitfield Family Dentistry",
    phoneNumber: "(303) 555-0142",
    region: "CO",
    timeZone: "America/Denver",
    fields: [
      { name: "Role", value: "Office manager" },
      { name: "Chairs", value: "7" },
      { name: "Software", value: "Dentrix" },
      { name: "Website", value: "whitfieldfamily.example" },
    ],
    lastNote: "Asked to be called after the conference. Uses a paper waiting list.",
  },
  {
    leadId: "01J1EAD0000000000000000002",
    name: "Marcus Oyelaran",
    company: "Lakeshore Smiles",
    phoneNumber: "(312) 555-0177",
    region: "IL",
    timeZone: "America/Chicago",
    fields: [
      { name: "Role", value: "Owner" },
      { name: "Chairs", value: "4" },
    ],
    lastNote: "",
  },
  {
    leadId: "01J1EAD0000000000000000003",
    name: "Priya Raman",
    company: "Harbor Dental Group",
    phoneNumber: "(206) 555-0119",
    region: "WA",
    timeZone: "America/Los_Angeles",
    fields: [{ name: "Role", value: "Practice lead" }],
    lastNote: "",
  },
];

/** A dial of the lead at this place of the list. */
export function attemptOf(
  place: number,
  now_ms: number,
  answered_s: number | null,
  ended_s: number | null,
): Attempt {
  const lead = LEADS[place % LEADS.length] as Lead;
  const ago = (seconds: number | null) =>
    seconds === null ? null : new Date(now_ms - seconds * 1000).toISOString();
  return {
    attemptId: `01JATTEMPT${String(place).padStart(16, "0")}`,
    lead,
    from: "(720) 555-0108",
    state: ended_s !== null ? "ended" : answered_s !== null ? "connected" : "ringing",
    placedAt: ago((answered_s ?? 0) + 9) ?? "",
    answeredAt: ago(answered_s),
    endedAt: ago(ended_s),
    tryNumber: place === 0 ? 2 : 1,
    reasons: [
      `It is within calling hours in ${lead.region}: 9:00 AM to 8:00 PM local time.`,
      "The number is on no do-not-call list.",
      "It was called once in the last 24 hours; three times are allowed.",
      "The number's last call was more than four hours ago.",
    ],
  };
}

/** Calls of an imagined morning, newest first. */
export function morning(now_ms: number): CallRecord[] {
  const outcomes: [Disposition | null, CallRecord["result"], string][] = [
    [
      "meeting",
      "talked",
      "Thursday 10:00 with her and the front desk.\nWants to see the waiting list import.",
    ],
    [null, "no_answer", ""],
    ["call_back", "talked", "In a treatment. After 3 PM is better."],
    ["voicemail", "talked", ""],
    ["not_interested", "talked", "Just signed with somebody else for two years."],
    [null, "busy", ""],
    ["interested", "talked", "Send the one-pager, then call next week."],
    ["wrong_number", "talked", ""],
  ];
  return outcomes.map(([disposition, result, note], index) => {
    const placed_s = 400 + index * 520;
    const talked = result === "talked";
    const attempt = attemptOf(
      index + 1,
      now_ms,
      talked ? placed_s : null,
      talked ? placed_s - 60 - index * 25 : null,
    );
    const placedAt = new Date(now_ms - placed_s * 1000).toISOString();
    return {
      attempt: {
        ...attempt,
        state: "ended",
        placedAt,
        attemptId: `01JPAST000${String(index).padStart(16, "0")}`,
      },
      campaignName: CAMPAIGNS[0]?.name ?? "",
      result,
      disposition,
      note,
    };
  });
}

const SIGNED_IN: Snapshot = {
  session: {
    kind: "signed_in",
    me: {
      agentId: "01JAGENT000000000000000001",
      name: "Maya Lindqvist",
      email: "maya@brightline.example",
      role: "rep",
      tenantName: "Brightline",
    },
  },
  server: { kind: "online" },
  serverUrl: "https://dialer.brightline.example",
  practice: false,
  clockOffsetMs: 0,
  campaigns: CAMPAIGNS,
  seat: null,
  draft: null,
  unsentCount: 0,
  notices: [],
  media: "webview",
  version: "0.1.0",
};

const OFFLINE: Snapshot["server"] = {
  kind: "offline",
  message: "The dialer can't be reached. Check your internet connection; Offhook tries again by itself.",
};

const NOTE = "Seven chairs, two of them idle on Mondays. Paper waiting list.";

/** Each scene by the name that `?scene=` takes. */
export const SCENES: Readonly<Record<string, Snapshot>> = {
  starting: { ...SIGNED_IN, session: { kind: "starting" } },
  "signed-out": { ...SIGNED_IN, session: { kind: "signed_out", notice: null } },
  "signed-out-notice": {
    ...SIGNED_IN,
    session: { kind: "signed_out", notice: "Your sign-in ran out. Sign in again." },
  },
  "awaiting-browser": {
    ...SIGNED_IN,
    session: {
      kind: "awaiting_browser",
      url: "https://dialer.brightline.example/oauth/authorize?client_id=offhook-desktop&code_challenge=abc",
      browserOpened: true,
    },
  },
  "keyring-locked": {
    ...SIGNED_IN,
    session: {
      kind: "keyring_locked",
      message: "Your sign-in is kept in the system's keyring. Unlock it to go on.",
    },
  },
  campaigns: SIGNED_IN,
  "no-campaigns": { ...SIGNED_IN, campaigns: [] },
  joining: seated({ kind: "joining" }, false),
  ready: seated({ kind: "paused" }, false),
  waiting: seated({
    kind: "waiting",
    waiting: {
      reason: "Nobody on this list may be called before 9:00 AM in Los Angeles.",
      until: new Date(NOW_MS + 18 * 60_000).toISOString(),
    },
  }),
  // The phone of this scene fails.
  "microphone-forbidden": seated({ kind: "joining" }, false),
  dialing: seated({ kind: "dialing", attempt: attemptOf(0, NOW_MS, null, null) }),
  talking: {
    ...seated({ kind: "talking", attempt: attemptOf(0, NOW_MS, 154, null) }),
    draft: { attemptId: attemptOf(0, NOW_MS, null, null).attemptId, disposition: null, note: NOTE },
  },
  "wrap-up": {
    ...seated({ kind: "wrap_up", attempt: attemptOf(0, NOW_MS, 312, 14) }),
    draft: { attemptId: attemptOf(0, NOW_MS, null, null).attemptId, disposition: "meeting", note: NOTE },
  },
  "offline-talking": {
    ...seated({ kind: "talking", attempt: attemptOf(0, NOW_MS, 154, null) }),
    server: OFFLINE,
    unsentCount: 1,
  },
  offline: { ...seated({ kind: "paused" }, false), server: OFFLINE, unsentCount: 2 },
  "practice-signed-out": { ...SIGNED_IN, practice: true, session: { kind: "signed_out", notice: null } },
  practice: {
    ...seated({ kind: "talking", attempt: attemptOf(1, NOW_MS, 41, null) }),
    practice: true,
    notices: [{ id: 1, message: "This is the practice floor. Everybody you talk to is simulated." }],
  },
};

function seated(state: SeatState, dialing = true): Snapshot {
  return {
    ...SIGNED_IN,
    seat: {
      seatId: "01JSEAT0000000000000000001",
      campaignId: CAMPAIGNS[0]?.campaignId ?? "",
      state,
      dialing,
    },
  };
}
