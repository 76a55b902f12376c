// serve-clients.mjs URL URL-WITH-KEY SOURCE WANTED: what published clients of LibreTranslate get from nmt serve; after `npm ci` in this folder.
import assert from 'node:assert';
import fs from 'node:fs';
import { libreTranslate } from 'libretranslate-ts';
import translate from 'translate';

const [open, keyed, source, wanted] = process.argv.slice(2);
const lines = path => fs.readFileSync(path, 'utf8').trimEnd().split('\n');
const [texts, translations] = [source, wanted].map(lines);
const [openBase, keyedBase] = [open, keyed].map(url => url.replace(/\/$/, ''));

libreTranslate.setApiEndpoint(openBase);
assert.deepEqual(await libreTranslate.listLanguages(), [{ code: 'en', name: 'en', targets: ['fr'] }]);
const answers = await Promise.all(texts.map(text => libreTranslate.translate(text, 'en', 'fr')));
assert.deepEqual(answers.map(answer => [answer.status, answer.translatedText]), translations.map(text => [200, text]));
const several = await libreTranslate.translate(texts[0], 'en', 'fr', 3);
assert.equal(several.translatedText, translations[0]);
assert.equal(several.alternatives.length, 3);
assert.match((await libreTranslate.translate('A', 'en', 'de')).error, /not offered/);
assert.match((await libreTranslate.detect('A')).error, /not offered/);

libreTranslate.setApiEndpoint(keyedBase);
assert.match((await libreTranslate.translate('A', 'en', 'fr')).error, /key/);
libreTranslate.setApiKey('secret');
assert.equal((await libreTranslate.translate(texts[1], 'en', 'fr')).translatedText, translations[1]);

translate.engine = 'libre';
translate.url = `${openBase}/translate`;
for (const [i, text] of texts.entries()) assert.equal(await translate(text, { from: 'en', to: 'fr' }), translations[i]);
await assert.rejects(translate('A', { from: 'en', to: 'de' }), /not offered/);
translate.url = `${keyedBase}/translate`;
await assert.rejects(translate('B', { from: 'en', to: 'fr' }), /key/);
translate.key = 'secret';
assert.equal((await translate(`${texts[2]} `, { from: 'en', to: 'fr' })).trim(), translations[2]);
console.log(`libretranslate-ts and translate: ${2 * texts.length + 9} requests`);
