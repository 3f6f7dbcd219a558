// The keyboard: one table that the window obeys and the `?` dialog shows.

/** What a key asks for. */
export type Action =
  | "primary"
  | "savePause"
  | "pause"
  | "mute"
  | "keypad"
  | "hangUp"
  | "note"
  | "history"
  | "audio"
  | "shortcuts";

type Shortcut = {
  action: Action;
  /** The value of `KeyboardEvent.key`, lower case. */
  key: string;
  ctrl: boolean;
  shift?: boolean;
  /** What the key cap says. */
  caps: string[];
  does: string;
};

export const SHORTCUTS: readonly Shortcut[] = [
  {
    action: "primary",
    key: "enter",
    ctrl: true,
    shift: false,
    caps: ["Ctrl", "Enter"],
    does: "Start dialing, or save & next",
  },
  {
    action: "savePause",
    key: "enter",
    ctrl: true,
    shift: true,
    caps: ["Ctrl", "Shift", "Enter"],
    does: "Save & pause",
  },
  { action: "pause", key: "p", ctrl: false, caps: ["P"], does: "Pause after this call" },
  { action: "mute", key: "m", ctrl: false, caps: ["M"], does: "Mute or unmute" },
  { action: "mute", key: "m", ctrl: true, caps: ["Ctrl", "M"], does: "Mute or unmute, also while typing" },
  { action: "hangUp", key: "e", ctrl: true, caps: ["Ctrl", "E"], does: "End the call" },
  { action: "keypad", key: "k", ctrl: false, caps: ["K"], does: "Keypad: digits go to the other side" },
  { action: "note", key: "n", ctrl: false, caps: ["N"], does: "Write the note" },
  { action: "history", key: "h", ctrl: false, caps: ["H"], does: "History: your calls" },
  { action: "audio", key: "a", ctrl: false, caps: ["A"], does: "Microphone and speaker" },
  { action: "shortcuts", key: "?", ctrl: false, caps: ["?"], does: "This list" },
];

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/** What a key press asks for. Plain letters mean nothing while the rep types. */
export function actionOf(pressed: Pressed, typing: boolean): Action | null {
  if (pressed.altKey) return null;
  const ctrl = pressed.ctrlKey || pressed.metaKey;
  const key = pressed.key.toLowerCase();
  const hit = SHORTCUTS.find(
    (shortcut) =>
      shortcut.key === key &&
      shortcut.ctrl === ctrl &&
      (shortcut.shift === undefined || shortcut.shift === pressed.shiftKey),
  );
  if (hit === undefined || (typing && !hit.ctrl)) return null;
  return hit.action;
}

/** The place (0, 1, …) that a digit key names: `1` to `7`, with Alt while the rep types. */
export function placeOf(pressed: Pressed & Pick<KeyboardEvent, "code">, typing: boolean): number | null {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey !== typing) return null;
  // With Alt some layouts give another character, so the key's position decides.
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(pressed.code)?.[1];
  return digit === undefined ? null : Number(digit) - 1;
}

/** True if key presses are text for the focused element. */
export function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement) return true;
  return (
    target instanceof HTMLInputElement && !["button", "checkbox", "radio", "range"].includes(target.type)
  );
}
