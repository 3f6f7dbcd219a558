// The engine's counts as a browser would report them, for the Voice SDK's samples, its MOS and its warnings.
import type { EngineStats } from "./engine";

type Entry = { id: string; type: string; timestamp: number } & Record<string, unknown>;

/** A report by entry id. Before the engine has counted anything it says only that there is a transport. */
export function statsReport(stats: EngineStats | null, timestamp: number): Map<string, Entry> {
  const entries = stats ? measured(stats) : [{ id: "transport", type: "transport" }];
  return new Map(entries.map((entry) => [entry.id, { ...entry, timestamp }]));
}

function measured(stats: EngineStats): { id: string; type: string; [field: string]: unknown }[] {
  const roundTripTime = stats.roundTripMs === null ? undefined : stats.roundTripMs / 1_000;
  return [
    {
      id: "inbound",
      type: "inbound-rtp",
      kind: "audio",
      jitter: stats.jitterMs / 1_000,
      packetsLost: stats.packetsLost,
      packetsReceived: stats.packetsReceived,
      bytesReceived: stats.bytesReceived,
    },
    {
      id: "outbound",
      type: "outbound-rtp",
      kind: "audio",
      packetsSent: stats.packetsSent,
      bytesSent: stats.bytesSent,
      remoteId: "remote-inbound",
      ...(stats.codec === null ? {} : { codecId: "codec" }),
    },
    { id: "remote-inbound", type: "remote-inbound-rtp", kind: "audio", isRemote: true, roundTripTime },
    ...(stats.codec === null ? [] : [{ id: "codec", type: "codec", mimeType: `audio/${stats.codec}` }]),
    { id: "transport", type: "transport", selectedCandidatePairId: "pair" },
    {
      id: "pair",
      type: "candidate-pair",
      selected: true,
      localCandidateId: "local",
      remoteCandidateId: "remote",
      currentRoundTripTime: roundTripTime,
    },
    { id: "local", type: "local-candidate", candidateType: "host", address: stats.localAddress },
    { id: "remote", type: "remote-candidate", candidateType: "host", address: stats.remoteAddress },
  ];
}
