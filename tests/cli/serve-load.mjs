/* node serve-load.mjs URL CLIENTS REQUESTS FILE WANTED: that many requests by that many clients, each with connections of its own: the
 * lines of FILE in turn, whose translations must be the lines of WANTED. Prints how long they took. */
import http from 'node:http';
import fs from 'node:fs';

const [, , url, clients, requests, file, wanted] = process.argv;
const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n'), answers = fs.readFileSync(wanted, 'utf8').trimEnd().split('\n');
const times = [];
let next = 0, wrong = 0;

function post(agent, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url + 'v1/translate', { agent, method: 'POST', headers: { 'Content-Type': 'application/json' } }, response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', part => (text += part));
      response.on('end', () => resolve({ code: response.statusCode, text }));
    });
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

async function client() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (;;) {
    const i = next++;
    if (i >= +requests) break;
    const start = performance.now(), n = i % 7 === 0 ? 3 : 1, texts = [...Array(n).keys()].map(k => (i + k) % lines.length);
    const { code, text } = await post(agent, { texts: texts.map(k => lines[k]) });
    times.push(performance.now() - start);
    const got = code === 200 ? JSON.parse(text).translations.map(t => t.text) : [`code ${code}: ${text}`];
    if (JSON.stringify(got) !== JSON.stringify(texts.map(k => answers[k]))) {
      if (wrong++ < 5) console.log(`request ${i}: ${JSON.stringify(got)}, wanted ${JSON.stringify(texts.map(k => answers[k]))}`);
    }
  }
  agent.destroy();
}

const start = performance.now();
await Promise.all([...Array(+clients)].map(client));
const seconds = (performance.now() - start) / 1e3;
times.sort((a, b) => a - b);
const at = p => times[Math.min(times.length - 1, Math.floor(p * times.length))].toFixed(1);
console.log(`${times.length} requests of ${clients} clients in ${seconds.toFixed(1)} s: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
process.exit(wrong || times.length !== +requests ? 1 : 0);
