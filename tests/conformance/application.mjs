import { createServer } from "node:http";
import twilio from "twilio";

const NOTHING = "<Response/>";

/** The customer's web server; every request that comes in is checked by the library's own validator. */
export async function startApplication(authToken) {
  const received = [];
  const answers = new Map();
  let origin = "";
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const params = Object.fromEntries(new URLSearchParams(body));
    const signature = request.headers["x-twilio-signature"] ?? "";
    const url = origin + request.url;
    const path = request.url.split("?")[0];
    const signed = tokens.some((token) => twilio.validateRequest(token, signature, url, params));
    received.push({ path, params, signed, url, signature });
    response.writeHead(200, { "content-type": "text/xml" }).end(answers.get(path) ?? NOTHING);
  });
  const tokens = [authToken];
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
  return {
    tokens,
    url: (path) => origin + path,
    says: (path, twiml) => answers.set(path, twiml),
    received: (path) => received.filter((request) => request.path === path).map((request) => request.params),
    /** As they came, for another library's validator. */
    requests: (path) => received.filter((request) => request.path === path),
    assertAllSigned() {
      const bad = received.filter((request) => !request.signed);
      if (bad.length > 0) throw new Error(`badly signed: ${JSON.stringify(bad[0])}`);
      if (received.length === 0) throw new Error("no webhook came");
      console.log(`ok validateRequest accepts all ${received.length} webhooks`);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
