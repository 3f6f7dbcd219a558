// Times as people read them.

/** `4:07` or `1:02:09` between two moments, never negative. */
export function elapsed(since: string, now_ms: number): string {
  const total_s = Math.max(0, Math.floor((now_ms - Date.parse(since)) / 1000));
  const hours = Math.floor(total_s / 3600);
  const minutes = Math.floor(total_s / 60) % 60;
  const seconds = String(total_s % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** `11:42 AM`, in the given IANA zone or else in this machine's. */
export function clockTime(now_ms: number, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit", ...zone(timeZone) }).format(
    now_ms,
  );
}

/** `Tue, 11:42 AM`. */
export function weekdayTime(now_ms: number, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-US", {
    weekday: "short",
    hour: "numeric",
    minute: "2-digit",
    ...zone(timeZone),
  }).format(now_ms);
}

/** `11:42 AM` today, else `Nov 3, 11:42 AM`. */
export function dayTime(moment: string, now_ms: number): string {
  const moment_ms = Date.parse(moment);
  const day = (at_ms: number) =>
    new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric" }).format(at_ms);
  const time = clockTime(moment_ms);
  return day(moment_ms) === day(now_ms) ? time : `${day(moment_ms)}, ${time}`;
}

/** The zone's everyday name: `Eastern Time`; empty if the zone is unknown here. */
export function zoneName(timeZone: string, now_ms: number): string {
  if (!isZone(timeZone)) return "";
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longGeneric" }).formatToParts(
    now_ms,
  );
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

// A newer dialer may know zones that this machine does not; then its own zone is better than a blank screen.
function zone(timeZone: string | undefined): { timeZone?: string } {
  return timeZone !== undefined && isZone(timeZone) ? { timeZone } : {};
}

function isZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone });
    return true;
  } catch {
    return false;
  }
}
