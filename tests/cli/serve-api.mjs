/* node serve-api.mjs URL MODE [...]: requests to nmt serve, started as serve.t says, and what their answers must be. Prints what is wrong. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

const [, , url, mode, ...more] = process.argv;
let checks = 0, failures = 0;

function is(got, wanted, what) {
  checks++;
  const a = JSON.stringify(got), b = JSON.stringify(wanted);
  if (a === b) return;
  failures++;
  console.error(`${what}:\n  got    ${a}\n  wanted ${b}`);
}
const ok = (condition, what) => is(!!condition, true, what);

async function ask(path, body, headers = {}, method) {
  const response = await fetch(url + path, {
    method: method || (body === undefined ? 'GET' : 'POST'),
    headers: body !== undefined && typeof body !== 'string' ? { 'Content-Type': 'application/json', ...headers } : headers,
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  let json;
  try { json = JSON.parse(text); } catch { json = undefined; }
  return { code: response.status, headers: response.headers, text, json };
}
const form = (path, fields) => ask(path, new URLSearchParams(fields).toString(), { 'Content-Type': 'application/x-www-form-urlencoded' });
const v1 = (body, headers) => ask('v1/translate', body, headers);
const raw = (path, body, type = 'application/json') => ask(path, body, { 'Content-Type': type });

/* Refused with the code, and a reason that matches. */
async function refused(answer, code, reason, what) {
  const { code: got, json } = await answer;
  is([got, reason.test(json?.error)], [code, true], `${what}: ${json?.error}`);
}

const gauge = async name => +new RegExp(`^${name} (.*)$`, 'm').exec((await ask('metrics')).text)[1];
const CAT = 'The cat sees the dog.';

/* A stream of many sentences; `next` gives the lines, `leave` ends it. */
async function stream(sentences) {
  const control = new AbortController();
  const text = [...Array(sentences)].map((_, i) => `The cat ${i} sees the dog.`).join(' ');
  const response = await fetch(url + 'v1/translate', { method: 'POST', signal: control.signal, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text, stream: true, beam: 16 }) });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  return {
    response,
    leave: () => control.abort(),
    async next() {
      while (!buffer.includes('\n')) {
        const { value, done } = await reader.read();
        if (done) return null;
        buffer += value;
      }
      const line = buffer.slice(0, buffer.indexOf('\n'));
      buffer = buffer.slice(line.length + 1);
      return JSON.parse(line);
    },
  };
}

async function libre(lines, wanted) {
  is((await ask('translate', { q: lines[0], source: 'en', target: 'fr', format: 'text' })).json, { translatedText: wanted[0] }, 'a text');
  is((await ask('translate', { q: lines, source: 'en', target: 'fr' })).json, { translatedText: wanted }, 'a list');
  is((await ask('translate', { q: [lines[0]], source: 'auto', target: 'FR' })).json, { translatedText: [wanted[0]] }, 'a list of one, source auto, capitals');
  is((await form('translate', { q: lines[1], source: 'en', target: 'fr', api_key: '' })).json, { translatedText: wanted[1] }, 'a form');
  is((await form('translate', [['q', lines[1]], ['q', lines[2]], ['target', 'fr']])).json, { translatedText: [wanted[1], wanted[2]] }, 'a form with two texts');
  is((await raw('translate', 'q=%54he+cat&target=fr&x', 'application/x-www-form-urlencoded; charset=utf-8')).code, 200, 'a form with escapes');
  is((await ask('translate', { q: '', target: 'fr' })).json, { translatedText: '' }, 'an empty text');
  is((await ask('translate', { q: '  \n ', target: 'fr' })).json, { translatedText: '  \n ' }, 'a blank text');
  is((await ask('translate', { q: `${lines[0]}\n\n${lines[1]}\n`, target: 'fr' })).json, { translatedText: `${wanted[0]}\n\n${wanted[1]}\n` }, 'lines stay lines');
  is((await ask('translate', { q: `${lines[0]} ${lines[1]}`, target: 'fr' })).json, { translatedText: `${wanted[0]} ${wanted[1]}` }, 'two sentences');
  const some = (await ask('translate', { q: lines[0], target: 'fr', alternatives: 3 })).json;
  is([some.translatedText, some.alternatives.length, new Set([wanted[0], ...some.alternatives]).size], [wanted[0], 3, 4], 'alternatives');
  is((await form('translate', { q: lines[0], target: 'fr', alternatives: '2' })).json.alternatives.length, 2, 'alternatives in a form');
  is((await ask('translate', { q: [lines[0], lines[1]], target: 'fr', alternatives: 1 })).json.alternatives.map(a => a.length), [1, 1], 'alternatives of a list');
  is((await ask('languages')).json, [{ code: 'en', name: 'en', targets: ['fr', 'de'] }], 'languages');
  await refused(ask('detect', { q: CAT }), 501, /not offered/, 'detect');
  await refused(ask('translate', { q: CAT, source: 'en', target: 'xx' }), 400, /languages/, 'a language that is not offered');
  await refused(ask('translate', { source: 'en', target: 'fr' }), 400, /^q: no text/, 'no q');
  await refused(ask('translate', { q: [], target: 'fr' }), 400, /no text/, 'an empty list');
  await refused(ask('translate', { q: CAT, target: 'fr', format: 'html' }), 400, /only text/, 'html');
  await refused(ask('translate', { q: CAT, target: 'fr', alternatives: 'x' }), 400, /integer/, 'alternatives that are no number');
  await refused(ask('translate', { q: 7, target: 'fr' }), 400, /string/, 'a number as a text');
  await refused(raw('translate', 'q=%ff', 'application/x-www-form-urlencoded'), 400, /UTF-8/, 'a form of bad UTF-8');
  await refused(raw('translate', 'q=a%00b', 'application/x-www-form-urlencoded'), 400, /NUL/, 'a form with a NUL');
}

async function ours(lines, wanted) {
  is((await v1({ text: lines[0] })).json, { model: 'en-fr', translations: [{ text: wanted[0] }] }, 'a text');
  is((await v1({ texts: lines })).json.translations.map(t => t.text), wanted, 'texts');
  is((await v1({ texts: [] , beam: 1})).code, 400, 'no texts');
  is((await v1({ text: lines[0], model: 'second' })).json, { model: 'second', translations: [{ text: wanted[0] }] }, 'another model');
  const [all] = (await v1({ text: lines[0], n_best: 4, beam: 8, alignment: true, scores: true })).json.translations;
  is([all.n_best.length, all.n_best[0]], [4, { text: all.text, score: all.score }], 'an n-best list');
  ok(all.n_best.every((x, i) => i === 0 || x.text !== all.text), 'of different texts');
  const { source, target, weights, log_probability: p } = all.alignment;
  is([source.join(' '), target.length, weights.length, p.length], [lines[0].replace(/([.?!])$/, ' $1'), target.length, target.length, target.length], 'an alignment');
  ok(weights.every(row => row.length === source.length && Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-4), 'rows sum to 1');
  ok(p.every(x => x <= 0) && p.reduce((a, b) => a + b, 0) > all.score - 1e-3, 'probabilities of the words');
  const forced = (await v1({ text: lines[0], prefix: 'Nous' })).json.translations[0].text;
  ok(forced.startsWith('Nous') && forced !== wanted[0], `a prefix: ${forced}`);
  const both = (await v1({ texts: [lines[0], lines[1]], prefix: ['Nous', ''] })).json.translations.map(t => t.text);
  is(both, [forced, wanted[1]], 'a prefix for each');
  const { tree, n_best } = (await v1({ text: lines[0], n_best: 3, tree: true })).json.translations[0], whole = [];
  ok(tree.every(([parent, piece, p, end], k) => { whole[k] = (whole[parent] || '') + piece; return parent < k && p <= (parent < 0 ? 0 : tree[parent][2]) + 1e-4 && (!end || piece === ''); }), 'a tree, whose probabilities fall');
  ok(n_best.every(one => tree.some(([, , , end], k) => end && whole[k].trim() === one.text)), 'and which has all of the list');
  const split = (await v1({ text: `${lines[0]} ${lines[1]}`, split: true, scores: true })).json.translations[0];
  is([split.text, split.sentences.map(x => x.source), typeof split.sentences[0].score], [`${wanted[0]} ${wanted[1]}`, [lines[0], lines[1]], 'number'], 'sentences');
  is((await ask('v1/models')).json.models, [{ name: 'en-fr', source: 'en', target: 'fr', alignment: true, shortlist: true }, { name: 'second', source: 'en', target: 'de', alignment: true, shortlist: true }], 'models');
  const streamed = await v1({ text: lines.slice(0, 40).join(' '), stream: true }), parts = streamed.text.trimEnd().split('\n').map(JSON.parse);
  is([streamed.headers.get('content-type'), parts.length, parts.pop()], ['application/x-ndjson', 41, { done: 40 }], 'a stream');
  is([parts.map(x => x.source), parts.map(x => x.text)], [lines.slice(0, 40), wanted.slice(0, 40)], 'has its sentences in order');
  await refused(v1({}), 400, /either text/, 'no text');
  await refused(v1({ text: CAT, texts: [CAT] }), 400, /either text/, 'both');
  await refused(v1({ text: [CAT] }), 400, /expected a string/, 'a list as text');
  await refused(v1({ texts: CAT }), 400, /array/, 'a text as texts');
  await refused(v1({ text: CAT, nbest: 3 }), 400, /nbest: there is no such field/, 'an unknown field');
  await refused(v1({ text: CAT, beam: 0 }), 400, /out of range/, 'no beam');
  await refused(v1({ text: CAT, beam: 1e9 }), 400, /out of range/, 'a huge beam');
  await refused(v1({ text: CAT, beam: 2.5 }), 400, /integer/, 'half a hypothesis');
  await refused(v1({ text: CAT, alignment: 'yes' }), 400, /true or false/, 'a flag that is none');
  await refused(v1({ text: CAT, length_penalty: -1 }), 400, /out of range/, 'a negative penalty');
  await refused(v1({ text: CAT, model: 'x' }), 400, /no such model/, 'an unknown model');
  await refused(v1({ text: CAT, model: 'second', target: 'fr' }), 400, /no such model/, 'a model of other languages');
  await refused(v1({ text: CAT, prefix: ['a', 'b'] }), 400, /one for each/, 'too many prefixes');
  await refused(v1({ text: CAT, prefix: 'a', split: true }), 400, /no meaning/, 'a prefix of sentences');
  await refused(v1({ text: 'a\u0000b' }), 400, /NUL/, 'a NUL');
}

async function wrong() {
  await refused(raw('v1/translate', '{"text": '), 400, /not JSON/, 'half an object');
  await refused(raw('v1/translate', ''), 400, /not JSON/, 'nothing');
  await refused(raw('v1/translate', '[1]'), 400, /object/, 'an array');
  await refused(raw('v1/translate', '['.repeat(200)), 400, /levels/, 'many levels');
  await refused(ask('v1/translate', Buffer.from([...Buffer.from('{"text": "'), 0xff, ...Buffer.from('"}')]).toString('latin1'), { 'Content-Type': 'text/plain' }), 415, /application\/json/, 'another type');
  const bad = await fetch(url + 'v1/translate', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: Buffer.from('{"text": "\xff"}', 'latin1') });
  is(bad.status, 400, 'bad UTF-8');
  await refused(ask('nowhere'), 404, /no such path/, 'an unknown path');
  await refused(ask('translate'), 405, /POST/, 'GET instead of POST');
  is((await ask('translate')).headers.get('allow'), 'POST', 'which is said');
  await refused(ask('health', {}), 405, /GET/, 'POST instead of GET');
  is((await ask('health', undefined, {}, 'HEAD')).code, 200, 'HEAD');
  is((await ask('translate', undefined, { Origin: 'https://example.org', 'Access-Control-Request-Method': 'POST' }, 'OPTIONS')).code, 405, 'no other origin');
  const { headers } = await ask('health', undefined, { Origin: 'https://example.org' });
  is([headers.get('access-control-allow-origin'), headers.get('x-content-type-options'), headers.get('referrer-policy'), headers.get('x-frame-options')], [null, 'nosniff', 'no-referrer', 'DENY'], 'headers');
  is((await ask('health')).json, { status: 'ok' }, 'health');
  const page = await ask(''), again = await ask(''), policy = page.headers.get('content-security-policy');
  const nonce = /script-src 'nonce-([0-9a-f]{32})'/.exec(policy)[1];
  is([page.code, page.headers.get('content-type'), page.text.includes('@NONCE@')], [200, 'text/html; charset=utf-8', false], 'the page');
  ok(page.text.includes(`<script nonce="${nonce}">`) && !again.text.includes(nonce) && /frame-ancestors 'none'/.test(policy), 'with a nonce of its own');
  ok(!/https?:\/\//.test(page.text.replace(/http:\/\/www\.w3\.org\/2000\/svg/g, '')), 'and nothing from elsewhere');
  const { text } = await ask('metrics');
  ok(/^nmt_requests_total\{path="\/translate",code="200"\} [1-9]/m.test(text) && /^nmt_requests_total\{path="other",code="404"\} [1-9]/m.test(text), 'metrics by path and code');
  const count = +/_count (\d+)/.exec(text)[1], most = +/le="\+Inf"\} (\d+)/.exec(text)[1];
  ok(count > 10 && count === most, 'and latencies');
  ok(+/^nmt_source_words_total (\d+)/m.exec(text)[1] > 500 && /^nmt_queue_requests 0$/m.test(text), 'words, and the queue');
  ok(text.split('\n').every(line => /^(# (HELP|TYPE) nmt_\w+ .*|nmt_\w+(\{[^}]*\})? [0-9.e+-]+|)$/.test(line)), 'in the format of Prometheus');
}

const modes = {
  async plain() {
    const [lines, wanted] = more.map(name => fs.readFileSync(name, 'utf8').trimEnd().split('\n'));
    await libre(lines, wanted);
    await ours(lines, wanted);
    await wrong();
  },
  async keys() {
    await refused(v1({ text: CAT }), 401, /needed/, 'no key');
    is((await v1({ text: CAT })).headers.get('www-authenticate'), 'Bearer', 'which kind is said');
    for (const key of ['first', 'second', 'third']) is((await v1({ text: CAT }, { Authorization: 'Bearer ' + key })).code, 200, key);
    for (const key of ['', 'firs', 'firstfirst', 'x', 'first\t']) await refused(v1({ text: CAT, api_key: key }), 403, /not valid/, `key "${key}"`);
    is((await v1({ text: CAT }, { 'X-API-Key': 'second' })).code, 200, 'X-API-Key');
    is((await v1({ text: CAT, api_key: 'second' })).code, 200, 'the field');
    is((await form('translate', { q: CAT, target: 'fr', api_key: 'first' })).code, 200, 'the field of a form');
    await refused(ask('metrics'), 401, /needed/, 'metrics without a key');
    is((await ask('metrics', undefined, { Authorization: 'Bearer first' })).code, 200, 'and with one');
    is([(await ask('health')).code, (await ask('')).code, (await ask('v1/models')).code], [200, 200, 200], 'health, page and models need none');
    const flight = await ask('translate', undefined, { Origin: 'https://example.org' }, 'OPTIONS');
    is([flight.code, flight.headers.get('access-control-allow-origin')], [204, 'https://example.org'], 'the origin');
    ok(/Authorization/.test(flight.headers.get('access-control-allow-headers')), 'with its headers');
    is((await v1({ text: CAT, api_key: 'first' })).headers.get('access-control-allow-origin'), 'https://example.org', 'also of answers');
  },
  async limits() {
    await refused(v1({ text: 'a'.repeat(3000) }), 413, /2000 bytes/, 'a large body');
    await refused(raw('v1/translate', 'a'.repeat(2000000)), 413, /2000 bytes/, 'a very large body');
    is((await v1({ text: 'é'.repeat(300) })).code, 200, '300 characters');
    await refused(v1({ text: 'é'.repeat(301) }), 413, /300 characters/, '301 characters');
    await refused(v1({ texts: ['é'.repeat(150), 'é'.repeat(151)] }), 413, /300 characters/, '301 characters together');
    await refused(v1({ text: CAT, prefix: 'a'.repeat(300) }), 413, /300 characters/, 'a long prefix');
    is((await v1({ texts: [CAT, CAT, CAT] })).code, 200, '3 texts');
    await refused(v1({ texts: [CAT, CAT, CAT, CAT] }), 413, /3 texts/, '4 texts');
    await refused(v1({ text: CAT, n_best: 7 }), 400, /1 to 6/, 'a long list');
    is((await v1({ text: CAT, n_best: 6 })).code, 200, 'a list as long as it may be');
  },
  async full() {
    const long = await stream(20000);
    await long.next();
    is(await gauge('nmt_queue_requests'), 1, 'one waits');
    const answer = await v1({ text: CAT });
    is([answer.code, answer.headers.get('retry-after')], [503, '1'], 'another one may not');
    await refused(v1({ text: CAT }), 503, /already waiting/, 'which is said');
    is((await ask('health')).code, 200, 'but the server is well');
    long.leave();
    let code = 503;
    while (code === 503) code = (await v1({ text: CAT })).code;
    is(code, 200, 'once the client has left, there is room again');
  },
  async client() {
    const long = await stream(20000);
    await long.next();
    const answer = await v1({ text: CAT });
    is([answer.code, answer.headers.get('retry-after')], [429, '1'], 'a second request of the same address');
    long.leave();
    let code = 429;
    while (code === 429) code = (await v1({ text: CAT })).code;
    is(code, 200, 'once the first is over');
  },
  async slow() {
    await refused(v1({ texts: [...Array(20000).keys()].map(i => CAT + i), beam: 16 }), 503, /in time/, 'a request that takes too long');
    is((await v1({ text: CAT })).code, 200, 'and the next one');
  },
  async stop() {
    const long = await stream(600), lines = [await long.next()], other = v1({ texts: [...Array(100)].map(() => CAT), beam: 16 });
    let over = false;
    other.then(() => (over = true));
    while (!over && (await gauge('nmt_open_requests')) < 3) await new Promise(r => setTimeout(r, 5)); /* the stream, the other, this */
    process.kill(+more[0]);
    for (;;) {
      try { await fetch(url + 'health', { headers: { Connection: 'close' } }); } catch { break; }
    }
    for (let line = await long.next(); line; line = await long.next()) lines.push(line);
    is([lines.length, lines.pop()], [601, { done: 600 }], 'the stream');
    is([(await other).code, (await other).json.translations.length], [200, 100], 'the other request');
  },
  async shortlist() {
    const [lines, wanted, short] = more.map(path => fs.readFileSync(path, 'utf8').trimEnd().split('\n'));
    const texts = async fields => (await v1({ texts: lines, ...fields })).json.translations.map(t => t.text);
    is(await Promise.all([texts({}), texts({ shortlist: false }), texts({ shortlist: true })]), [short, wanted, short], 'with, without, with a shortlist');
    is((await ask('translate', { q: lines, target: 'fr' })).json.translatedText, short, 'by the other API');
    is((await ask('v1/models')).json.models[0].shortlist, true, 'the model has one');
  },
  async without() {
    await refused(v1({ text: CAT, shortlist: true }), 400, /has none/, 'a shortlist that is not there');
    is((await ask('v1/models')).json.models[0].shortlist, false, 'which can be known before');
  },
  /* Little more address space than the server has: what it then answers does not matter, but that it does, and what comes afterwards. */
  async memory() {
    const size = () => 1024 * +/VmSize:\s+(\d+)/.exec(fs.readFileSync(`/proc/${more[0]}/status`, 'utf8'))[1];
    const limit = most => execFileSync('prlimit', ['--pid', more[0], `--as=${most}:unlimited`]);
    const long = { texts: [...Array(200).keys()].map(i => `${CAT} ${CAT} ${i}`), beam: 16, n_best: 8, alignment: true, tree: true };
    const codes = {};
    for (const extra of [0, 1, 8, 33, 36, 40, 48, 64]) {
      limit(size() + (extra << 20));
      for (let k = 0; k < 3; k++)
        for (const { code, json } of await Promise.all([...Array(8).keys()].map(i => v1(i % 2 ? long : { text: `${CAT} ${i}`, n_best: 2 + i / 2 })))) {
          codes[code] = (codes[code] || 0) + 1;
          ok(code === 200 || (code === 503 && /out of memory/.test(json.error)), `${code} ${json?.error}`);
        }
    }
    ok(codes[503] > 0, 'memory was short');
    limit('unlimited');
    is((await v1({ text: CAT })).code, 200, 'afterwards');
  },
  async grace() {
    const long = await stream(20000);
    let line = await long.next();
    process.kill(+more[0]);
    for (let next = line; next; next = await long.next()) line = next;
    is(line, { error: 'the server is stopping' }, 'the last line');
  },
};
await modes[mode]();
console.log(`${checks} checks, ${failures} failures`);
process.exit(failures ? 1 : 0);
