import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (name) => readFileSync(new URL(`../public/${name}`, import.meta.url), 'utf8');
const page = read('index.html');
const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);

test('every element that the script asks for is on the page', () => {
  const script = read('app.js');
  const single = [...script.matchAll(/byId\('([^']+)'\)/g)].map(([, id]) => id);
  const lists = [...script.matchAll(/\[([^\]]+)\]\.map\(byId\)/g)];
  const listed = lists.flatMap(([, list]) => list.split(',').map((id) => id.trim().slice(1, -1)));
  for (const id of [...single, ...listed]) assert.ok(ids.includes(id), `#${id} is missing`);
  assert.equal(new Set(ids).size, ids.length, 'an id stands twice');
});

test('every field has a label, and what changes is announced', () => {
  for (const [, id] of page.matchAll(/<input\s+id="([^"]+)"/g)) {
    assert.match(page, new RegExp(`<label for="${id}"`));
  }
  assert.match(page, /role="log"/);
  assert.match(page, /role="status"/);
  assert.match(page, /role="alert"/);
  assert.match(page, /<html lang="en">/);
});

test('nothing comes from elsewhere, and nothing is inline', () => {
  assert.doesNotMatch(page, /(?:src|href)="(?:https?:)?\/\//);
  assert.doesNotMatch(page, /<style|style="|onclick|<script>/);
  for (const [, file] of page.matchAll(/(?:src|href)="([^"]+)"/g)) assert.ok(read(file).length > 0);
});

test('the page says that the answers are scripted', () => {
  assert.match(page, /a script and not a model/);
});
