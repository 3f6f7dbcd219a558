// Plain WebSockets to this machine: the Voice SDK always says wss, and a stand-in on loopback has no certificate.

/** `wss://127.0.0.1:8080/signal` becomes `ws://…`; every other address stays as it is. */
export function plainOnLoopback(address: string | URL): string {
  const url = new URL(address);
  if (url.protocol === "wss:" && isLoopback(url.hostname)) url.protocol = "ws:";
  return url.href;
}

/** Replaces the page's WebSocket. The SDK captures it when its module loads, so this has to run first. */
export function installLoopbackSockets(page: { WebSocket: typeof WebSocket }): void {
  page.WebSocket = class extends page.WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(plainOnLoopback(address), protocols);
    }
  };
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
