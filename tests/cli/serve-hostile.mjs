/* node serve-hostile.mjs URL REQUESTS SEED: requests that no honest client sends: random bytes, requests cut short, huge headers, bodies
 * that are too large or are not what they say, bad JSON, bad UTF-8, wrong types. The server must answer, or close the connection; and
 * it must still translate afterwards. Prints how often it gave which status. */
import net from 'node:net';

const [, , url, requests, seed] = process.argv;
const { hostname, port } = new URL(url);
let state = +seed || 1;

/* 0 … n-1 (xorshift). */
function random(n) {
  state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
  return (state >>> 0) % n;
}
const pick = list => list[random(list.length)];
const bytes = n => Buffer.from([...Array(n)].map(() => random(256)));
const paths = ['/', '/translate', '/v1/translate', '/languages', '/detect', '/health', '/metrics', '/v1/models', '/%00', '/../../etc/passwd', '/v1/translate?q=%ff', '/'.repeat(300)];
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE', 'X'];
const values = ['null', 'true', '-1', '1e400', '99999999999999999999', '"x"', '""', '[]', '{}', '[null]', '[[["a"]]]', '"\\u0000"', '"\\ud800"', '{"a":', '"' + 'a'.repeat(3000) + '"', '[' .repeat(500), '"\xff"', '0.5', '["a", 1]', '"a\\nb. c"', '[' + '"a",'.repeat(400) + '"a"]'];
const names = ['text', 'texts', 'q', 'model', 'beam', 'n_best', 'alignment', 'scores', 'split', 'stream', 'prefix', 'length_penalty', 'source', 'target', 'format', 'alternatives', 'api_key', '', '\\u0000', 'x'];

const object = () => '{' + [...Array(random(5))].map(() => `"${pick(names)}": ${pick(values)}`).join(', ') + pick(['}', '}', '}', '', '}}']);
const form = () => [...Array(random(5))].map(() => pick(names) + pick(['=', '=', '', '==']) + pick(['%', '%4', '%00', '%ff', 'a+b', '%C3%A9', '&&'])).join('&');
const head = (body, extra = '') => `POST ${pick(paths)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${extra}Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n`;
const types = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', '', 'application/json; charset=\xff'];

const kinds = [
  () => bytes(1 + random(400)),
  () => Buffer.concat([Buffer.from(pick(methods) + ' '), bytes(random(50)), Buffer.from(' HTTP/1.1\r\n\r\n')]),
  () => { const body = object(); return Buffer.from(head(body, 'Content-Type: application/json\r\n') + body, 'latin1'); },
  () => { const body = object(); return Buffer.from(`POST ${pick(['/translate', '/v1/translate'])} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1'); },
  () => { const body = form(); return Buffer.from(`POST /translate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1'); },
  () => { const body = object(); return Buffer.from(head(body, `Content-Type: ${pick(types)}\r\n`) + body.slice(0, random(body.length + 1)), 'latin1'); },
  () => Buffer.from(`${pick(methods)} ${pick(paths)} HTTP/${pick(['1.1', '1.0', '2.0', '9', ''])}\r\nHost: x\r\nConnection: close\r\n\r\n`, 'latin1'),
  () => Buffer.from(`GET / HTTP/1.1\r\n` + `X-${random(9)}: ${'a'.repeat(random(6000))}\r\n`.repeat(1 + random(30)) + '\r\n', 'latin1'),
  () => Buffer.from(`POST /translate HTTP/1.1\r\nHost: x\r\nContent-Length: ${pick(['-1', '99999999999999999999', 'x', '1, 2', '300000'])}\r\n\r\n` + 'a'.repeat(random(2000)), 'latin1'),
  () => Buffer.from(`POST /v1/translate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${pick(['5\r\n{"te\r\n0\r\n\r\n', 'ffffffffffffffff\r\nx', '-1\r\n', '3\r\nab', 'zz\r\n\r\n'])}`, 'latin1'),
  () => Buffer.from(head('a'.repeat(300000)) + 'a'.repeat(300000)),
  () => Buffer.concat([Buffer.from('POST /v1/translate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 60\r\n\r\n{"text": "'), bytes(48), Buffer.from('"}')]),
  () => { const body = '{"text": "The cat sees the dog. The bird sings.", "stream": true}'; return Buffer.from(head(body).replace(/POST \S+/, 'POST /v1/translate') + body); },
];

/* The status, "closed" without one, or "open" if the server waits for more. `hang`: the client leaves at once. */
function send(data, hang) {
  return new Promise(resolve => {
    const socket = net.connect(+port, hostname);
    let answer = '', done = false;
    const end = what => { if (!done) { done = true; socket.destroy(); resolve(what); } };
    socket.setTimeout(300, () => end(answer.slice(9, 12) || 'open'));
    socket.on('error', () => end(answer.slice(9, 12) || 'closed'));
    socket.on('data', part => (answer += part.toString('latin1').slice(0, 20)));
    socket.on('close', () => end(answer.slice(9, 12) || 'closed'));
    socket.write(data, () => { if (hang) end('left'); });
  });
}

const count = {};
let left = +requests;
async function attacker() {
  while (left-- > 0) {
    const what = await send(kinds[random(kinds.length)](), random(20) === 0);
    count[what] = (count[what] || 0) + 1;
  }
}
await Promise.all([...Array(16)].map(attacker));
const total = Object.values(count).reduce((a, b) => a + b, 0);
console.log(`${total} requests: ${Object.entries(count).map(([what, n]) => `${what} ${n}`).join(', ')}`);
for (let tries = 0; ; tries++) { /* those that left are forgotten long before they would be too slow */
  const open = +/^nmt_open_requests (.*)$/m.exec(await (await fetch(url + 'metrics')).text())[1];
  if (open === 1) break;
  if (tries === 100) { console.log(`${open - 1} requests of clients that left are still open`); process.exit(1); }
  await new Promise(resolve => setTimeout(resolve, 100));
}
const response = await fetch(url + 'v1/translate', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"text": "The cat sees the dog."}' });
const answer = await response.json();
if (response.status !== 200 || !answer.translations[0].text) { console.log('afterwards:', response.status, answer); process.exit(1); }
process.exit(total === +requests ? 0 : 1);
