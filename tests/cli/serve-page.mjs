/* node serve-page.mjs URL DRIVER [DIRECTORY]: the page in a real browser, through its driver (the WebDriver protocol at DRIVER): typing, hover,
 * keyboard, dark, a narrow screen, right to left. Screenshots go to DIRECTORY. Nothing depends on time: what is expected is awaited. */
import fs from 'node:fs';

const [, , url, driver, directory] = process.argv;
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const KEYS = { Enter: '\uE007', Escape: '\uE00C', ArrowRight: '\uE014', ArrowLeft: '\uE012', Backspace: '\uE003', Tab: '\uE004' };
let session, checks = 0, failures = 0;

async function call(method, path, body) {
  const response = await fetch(driver + path, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${path}: ${value.error}: ${value.message.split('\n')[0]}`);
  return value;
}
const in_ = (method, path, body) => call(method, `/session/${session}${path}`, body);
const run = (script, ...args) => in_('POST', '/execute/sync', { script, args });
const find = async selector => (await in_('POST', '/element', { using: 'css selector', value: selector }))[ELEMENT];
const type = async (selector, text) => in_('POST', `/element/${await find(selector)}/value`, { text });
const press = (...keys) => in_('POST', '/actions', { actions: [{ type: 'key', id: 'keys', actions: keys.flatMap(key => [{ type: 'keyDown', value: KEYS[key] || key }, { type: 'keyUp', value: KEYS[key] || key }]) }] });
const hover = async (x, y) => in_('POST', '/actions', { actions: [{ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions: [{ type: 'pointerMove', duration: 0, origin: 'viewport', x: Math.round(x), y: Math.round(y) }] }] });

function is(got, wanted, what) {
  checks++;
  if (JSON.stringify(got) === JSON.stringify(wanted)) return;
  failures++;
  console.error(`${what}:\n  got    ${JSON.stringify(got)}\n  wanted ${JSON.stringify(wanted)}`);
}

/* Waits until the script gives something true, which it returns; at most for 20 seconds. */
async function until(what, script, ...args) {
  for (const end = Date.now() + 20000; Date.now() < end; await new Promise(r => setTimeout(r, 30))) {
    const value = await run(script, ...args);
    if (value) { checks++; return value; }
  }
  failures++;
  console.error(`not within 20 seconds: ${what}`);
  return null;
}
const OUT = "const out = document.querySelector('.output'); const fresh = !out.classList.contains('stale') && !document.querySelector('.stale');";
const settled = source => until(`the translation of "${source}"`, OUT + "return document.getElementById('text').value === arguments[0] && fresh && out.textContent && document.getElementById('back').textContent === arguments[0] + '\\n' && document.querySelector('#back [data-s]') && out.textContent", source);
async function shoot(name) {
  if (directory) fs.writeFileSync(`${directory}/${name}.png`, Buffer.from(await in_('GET', '/screenshot'), 'base64'));
}
const box = (selector, n = 0) => run('const b = document.querySelectorAll(arguments[0])[arguments[1]].getBoundingClientRect(); return [b.left, b.top, b.width, b.height]', selector, n);
const light = () => run("return ['#back', '.output', '#pair'].map(root => document.querySelectorAll(root + ' .lit').length)");

async function typing() {
  await until('the models', "return document.querySelectorAll('.output').length === 2");
  await type('#text', 'The cat sees the dog. ');
  const one = await settled('The cat sees the dog. ');
  await type('#text', 'The bird sings.');
  const two = await settled('The cat sees the dog. The bird sings.');
  is([two.length > one.trim().length, two.startsWith(one.trim())], [true, true], 'a second sentence follows the first');
  is(await run("return [document.querySelectorAll('.sentence').length, document.getElementById('text').value]"), [4, 'The cat sees the dog. The bird sings.'], 'two sentences by two models');
  await until('shades and alternatives', "return document.querySelector('.output [data-t]').style.background.includes('color-mix') && document.querySelectorAll('#list li').length === 5");
  is(await run("return document.querySelectorAll('.map tbody tr').length === document.querySelectorAll('#pair .target span').length && document.querySelectorAll('.links path').length > 0"), true, 'the heat map and the links');
  await until('the search as a tree', "return document.querySelectorAll('#tree text').length > 5 && document.querySelectorAll('#tree path.best').length > 3");
  await run("document.getElementById('tree').scrollIntoView()");
  await shoot('tree');
  await run('scrollTo(0, 0)');
  await shoot('light');
}

async function hovering() {
  const [x, y, w, h] = await box('.output [data-t]');
  await hover(x + w / 2, y + h / 2);
  await until('words light up on both sides', "return document.querySelectorAll('#back .lit').length > 0 && document.querySelectorAll('.output .lit').length === 1");
  await hover(5, 5);
  await until('and go dark again', "return document.querySelectorAll('.lit').length === 0");
  const [sx, sy, sw, sh] = await box('#back [data-s]', 1);
  await hover(sx + sw / 2, sy + sh / 2);
  await until('a word of the source lights up behind the text', "return document.querySelectorAll('#back .lit').length === 1 && document.querySelectorAll('#pair .source .lit').length === 1");
  await shoot('hover');
  const [tx, ty, tw, th] = await box('#pair .target span', 1);
  await hover(tx + tw / 2, ty + th / 2);
  await until('in the detail, too', "return document.querySelectorAll('#pair .target .lit').length === 1 && document.querySelectorAll('.links path.dim').length > 0");
  await hover(5, 5);
  is(await light(), [0, 0, 0], 'nothing is lit');
}

async function keyboard() {
  await run("document.querySelector('.output [data-t]').focus()");
  const first = await run('return document.activeElement.textContent');
  await press('ArrowRight');
  is(await run("return [document.activeElement.dataset.t, document.activeElement.closest('.card').dataset.m, document.querySelectorAll('.output .lit').length]"), ['1', '0', 1], 'the next word, which is lit');
  await press('ArrowLeft');
  is(await run('return document.activeElement.textContent'), first, 'and back');
  await press('Enter');
  is(await run("return [document.getElementById('what').hidden, document.getElementById('word').value]"), [false, first], 'Enter: what if');
  const before = await run("return document.querySelector('.sentence').textContent");
  await type('#word', 'Nous');
  await until('the translation begins with it while it is typed', "return document.querySelector('.sentence').textContent.startsWith('Nous')");
  await press('Enter');
  await until('Enter keeps it', "return document.getElementById('what').hidden && document.activeElement.dataset.t === '0' && document.querySelector('.sentence').textContent.startsWith('Nous')");
  await shoot('what-if');
  await press('Escape');
  await until('Escape takes it back', "return document.querySelector('.sentence').textContent === arguments[0]", before);
  await press('Enter');
  await type('#word', 'Je');
  await until('another one', "return document.querySelector('.sentence').textContent.startsWith('Je')");
  await press('Escape');
  await until('Escape while typing', "return document.getElementById('what').hidden && document.querySelector('.sentence').textContent === arguments[0]", before);
  const alternative = await run("return document.querySelectorAll('#list li span')[1].textContent");
  await run("document.querySelectorAll('#list button')[1].click()");
  await until('an alternative is taken', "return document.querySelector('.sentence').textContent.startsWith(arguments[0].slice(0, 8))", alternative);
}

async function stale() {
  await run("document.getElementById('text').value = ''; document.getElementById('text').dispatchEvent(new Event('input'))");
  await until('nothing from nothing', "return document.querySelector('.output').textContent === ''");
  await run(`const real = fetch; window.late = window.begun = 0; /* the answer to the first text comes after that to the second, even if it is not wanted any more */
    window.fetch = async (path, options) => {
      if (!options.body || !options.body.includes('slow')) return real(path, options);
      window.begun++;
      while (!window.goOn) await new Promise(resolve => setTimeout(resolve, 10));
      const answer = await real(path, { ...options, signal: undefined });
      setTimeout(() => window.late++, 200);
      return answer;
    };`);
  await type('#text', 'The slow bird.');
  await until('both models are asked', 'return window.begun === 2');
  await run("document.getElementById('text').value = 'The dog.'; document.getElementById('text').dispatchEvent(new Event('input'))");
  const dog = await settled('The dog.');
  await run('window.goOn = true');
  await until('the late answers', 'return window.late === 2');
  is(await run("return document.querySelector('.output').textContent"), dog, 'are dropped');
  await run("document.getElementById('text').value = ''; document.getElementById('text').dispatchEvent(new Event('input'))");
  await type('#text', 'A man eats an apple.');
  for (let i = 0; i < 8; i++) await press('Backspace');
  await type('#text', ' pear.');
  const text = 'A man eats a pear.', value = await run("return document.getElementById('text').value");
  const last = await settled(value);
  const { translations } = await (await fetch(url + 'v1/translate', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text: value, n_best: 5, scores: true, split: true }) })).json();
  is([last, text.length > 0], [translations[0].text, true], 'the last answer, not an older one');
}

async function screens() {
  const colour = () => run("return getComputedStyle(document.body).backgroundColor");
  is(await colour(), 'rgb(255, 255, 255)', 'light');
  await run("document.getElementById('theme').click()");
  is(await colour(), 'rgb(20, 23, 28)', 'dark');
  await shoot('dark');
  await run("document.getElementById('theme').click()");
  is(await colour(), 'rgb(255, 255, 255)', 'light again');
  await run("document.getElementById('text').value = 'שלום لك'; document.getElementById('text').dispatchEvent(new Event('input'))");
  await settled('שלום لك');
  is(await run("return [getComputedStyle(document.getElementById('text')).direction, getComputedStyle(document.getElementById('back')).direction, getComputedStyle(document.querySelector('#pair .source')).direction]"), ['rtl', 'rtl', 'rtl'], 'right to left');
  await shoot('right-to-left');
  await in_('POST', '/window/rect', { width: 500, height: 800 });
  await until('a narrow screen', 'return innerWidth < 720');
  is(await run("const a = document.getElementById('text').getBoundingClientRect(), b = document.querySelector('.output').getBoundingClientRect(); return [a.bottom <= b.top, document.documentElement.scrollWidth <= innerWidth]"), [true, true], 'one below the other, and nothing beyond the edge');
  await shoot('narrow');
}

const options = { args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--window-size=1200,900', `--user-data-dir=${fs.mkdtempSync((process.env.TMPDIR || '/tmp') + '/nmt-browser.')}`] };
const made = await call('POST', '/session', { capabilities: { alwaysMatch: { browserName: 'chrome', 'goog:chromeOptions': options, 'goog:loggingPrefs': { browser: 'ALL' } } } });
session = made.sessionId;
try {
  await in_('POST', '/url', { url });
  for (const part of [typing, hovering, keyboard, stale, screens]) await part();
  is((await in_('POST', '/se/log', { type: 'browser' })).map(entry => entry.message), [], 'nothing in the log of the browser');
} catch (problem) {
  failures++;
  console.error(problem.message);
  await shoot('failure');
} finally {
  await in_('DELETE', '');
  fs.rmSync(options.args.at(-1).split('=')[1], { recursive: true, force: true });
}
console.log(`${checks} checks, ${failures} failures`);
process.exit(failures ? 1 : 0);
