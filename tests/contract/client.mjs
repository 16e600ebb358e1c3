// A property system in another language, written from docs/reference/mqtt.md: what is retained, and a signed command.
//   node client.mjs PORT SITE/GATE KEY-NAME KEY-SEED-BASE64
import { createPrivateKey, sign } from 'node:crypto';
import mqtt from 'mqtt';

const [port, gate, name, seed] = process.argv.slice(2);
const topic = `gatehouse/${gate}`;
const answers = `client/reply/js-${process.pid}`;
// RFC 8410: what stands before the 32 bytes of an Ed25519 key in PKCS #8
const key = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'base64')]),
  format: 'der',
  type: 'pkcs8',
});

const canonical = (value) =>
  Array.isArray(value) ? `[${value.map(canonical).join(',')}]`
  : value !== null && typeof value === 'object'
    ? `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(',')}}`
  : JSON.stringify(value);

function envelope(command, body) {
  const plain = { v: 1, key: name, id: `js-${command}`, expires: Date.now() + 60000, nonce: Date.now() * 1000, body };
  const text = Buffer.from(`${topic}/cmd/${command}\n${canonical(plain)}`);
  return JSON.stringify({ ...plain, sig: sign(null, text, key).toString('base64') });
}

const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5 });
const seen = {};
const waiting = new Map();
let complete;
const all = new Promise((resolve) => { complete = resolve; });

client.on('message', (on, payload, packet) => {
  if (on === answers) {
    waiting.get(packet.properties.correlationData.toString())(JSON.parse(payload));
    return;
  }
  seen[on.slice(topic.length + 1)] = JSON.parse(payload);
  if (['status', 'state/door/main', 'state/roster/summary', 'state/storage/log'].every((part) => part in seen)) complete();
});

const ask = (command, payload) => new Promise((resolve) => {
  const correlation = `${command}-${waiting.size}`;
  waiting.set(correlation, resolve);
  client.publish(`${topic}/cmd/${command}`, payload,
    { qos: 1, properties: { responseTopic: answers, correlationData: Buffer.from(correlation) } });
});

await client.subscribeAsync([answers, `${topic}/status`, `${topic}/state/#`], { qos: 1 });
await all;
const before = structuredClone(seen);
const opened = await ask('door.open', envelope('door.open', { door: 'main' }));
const forged = await ask('door.open', envelope('door.open', { door: 'main' }).replace('"main"', '"side"'));
console.log(JSON.stringify({ seen: before, opened, forged }));
await client.endAsync();
