import assert from "node:assert/strict";
import { until } from "../until.mjs";

/** Loss, delay and jitter of the leg are what the SDK measures and warns of; without them it measures a good path. */
export async function run(stage) {
  const { network, saw } = stage;
  const rep = await stage.rep();
  const call = await rep.phone("connect", {});
  await stage.callProspect();
  const good = await until("there is a score", async () => {
    const sample = await rep.read("sample");
    return sample?.mos && sample;
  });
  assert.ok(good.mos > 4 && good.rtt < 200, `mos ${good.mos}, rtt ${good.rtt} ms`);
  saw(`a good path: mos ${good.mos.toFixed(2)}, rtt ${good.rtt} ms, jitter ${good.jitter} ms`);

  await network.put(`legs/${call}/impairments`, { loss: 0.15, delay_ms: 300, jitter_ms: 400 });
  for (const warning of ["high-rtt", "high-jitter", "high-packet-loss"])
    await until(warning, async () => (await rep.read("warnings")).includes(warning));
  const { rtt, jitter, totals } = await rep.read("sample");
  saw(
    `a bad one: rtt ${rtt} ms, jitter ${jitter} ms, ${totals.packetsLost} packets lost; the SDK warns of all three`,
  );
  await stage.hearsTone(rep);
}
