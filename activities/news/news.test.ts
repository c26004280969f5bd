import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newsParts } from './assemble.js';
import { NewsUnavailable } from './errors.js';
import { NewsApi, type NewsOptions } from './news.adapter.js';
import { sending, stalling, TestNews } from './testing.server.js';

// A real HTTP server, in place of NewsAPI: what it is asked, and what becomes of what it says.

const KEY = 'key-0123456789abcdef';
/** Pauses that nobody notices; the time for an answer is the machine's. */
const QUICK = { attemptMs: 60_000, callMs: 90_000, firstPauseMs: 1, longestPauseMs: 5 };
const QUESTION = 'What are the latest developments around quantum computing in Europe?';

let server: TestNews;
let folder: string;
let keyFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-news-'));
  keyFile = join(folder, 'key');
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  server = await TestNews.start();
  await writeFile(keyFile, `${KEY}\n`);
});
afterEach(() => server.stop());

const newsOf = (limits: NewsOptions['limits'] = QUICK) =>
  new NewsApi({ url: server.url, keyFile, limits: { ...QUICK, ...limits } });
const never = () => new AbortController().signal;
const refusal = (news: NewsApi, question = QUESTION) =>
  news.recent(question, never()).then(
    () => undefined,
    (error: unknown) => error as NewsUnavailable,
  );

const article = (fields: object = {}) => ({
  source: { id: null, name: 'The Paper' },
  author: 'A. Writer',
  title: 'A new machine',
  description: 'It computes.',
  url: 'https://paper.example/a',
  urlToImage: null,
  publishedAt: '2026-11-20T08:00:00Z',
  content: 'It computes. … [+200 chars]',
  ...fields,
});

describe('news', () => {
  it('are found by the telling words of a question, with the key in a header only', async () => {
    server.articles = [article()];
    expect(await newsOf().recent(QUESTION, never())).toEqual([
      {
        title: 'A new machine',
        source: 'The Paper',
        url: 'https://paper.example/a',
        publishedAt: '2026-11-20T08:00:00.000Z',
        text: 'It computes.',
      },
    ]);
    const { url, headers } = server.asked[0] ?? { url: '', headers: {} as never };
    const { pathname, searchParams } = new URL(url, server.url);
    expect(pathname).toBe('/v2/everything');
    expect(Object.fromEntries(searchParams)).toEqual({
      q: 'developments AND quantum AND computing AND europe',
      sortBy: 'publishedAt',
      pageSize: '5',
      language: 'en',
    });
    expect(headers['x-api-key']).toBe(KEY);
    expect(url).not.toContain(KEY);
  });

  it('are five at most, newest first, without those that are nothing', async () => {
    const days = ['11', '15', '12', '14', '13', '16'];
    server.articles = [
      ...days.map((day) => article({ title: day, publishedAt: `2026-11-${day}T00:00:00Z` })),
      article({ title: '[Removed]' }),
      article({ url: 'javascript:alert(1)' }),
      article({ title: 7 }),
      article({ publishedAt: 'yesterday' }),
      null,
    ];
    const titles = (await newsOf().recent(QUESTION, never())).map(({ title }) => title);
    expect(titles).toEqual(['16', '15', '14', '13', '12']);
  });

  it('are plain words, whatever was written', async () => {
    server.articles = [
      article({
        title: 'A &lt;b&gt;bold&lt;/b&gt; <script>alert("x")</script> claim\u0000\u202e\u200b',
        description: `line one\n\r\tline two ${'<'.repeat(50_000)}`,
        source: null,
      }),
      article({ title: 'long', description: null, content: '😀'.repeat(2_000) }),
    ];
    const [first, second] = await newsOf().recent(QUESTION, never());
    expect(first).toMatchObject({ title: 'A bold claim', source: '' });
    expect(first?.text.startsWith('line one line two <<<')).toBe(true);
    for (const { text } of [first, second].filter((item) => item !== undefined)) {
      expect(text.length).toBeLessThanOrEqual(1_000);
      expect(text.isWellFormed()).toBe(true);
    }
  });

  it('are none, and nobody is asked, for a question without telling words', async () => {
    for (const question of ['', 'what is it?', '???', '\u0000\ud800', '-- AND OR']) {
      expect(await newsOf().recent(question, never())).toEqual([]);
    }
    expect(server.asked).toEqual([]);
  });

  it('are none where no key is configured', async () => {
    const config = { SLIPWAY_NEWS_URL: server.url, SLIPWAY_NEWS_KEY_FILE: '' };
    const news = newsParts(config);
    expect([news.state, await news.recent(QUESTION, never())]).toEqual(['off', []]);
    const wrong = { SLIPWAY_NEWS_URL: 'file:///etc/passwd', SLIPWAY_NEWS_KEY_FILE: keyFile };
    expect(() => newsParts(wrong)).toThrow('SLIPWAY_NEWS_URL');
    expect(server.asked).toEqual([]);
  });
});

describe('a service that', () => {
  it('has a hiccup is asked again', async () => {
    server.articles = [article()];
    server.next.push(sending(500, 'oops'), (response) => response.destroy());
    const news = newsOf();
    expect(await news.recent(QUESTION, never())).toHaveLength(1);
    expect(server.asked).toHaveLength(3);
    expect(news.lastCall()).toMatchObject({ ok: true, ms: expect.any(Number) });
  });

  it('has too much to do is asked again when it says, if that is soon', async () => {
    const soon = newsOf({ longestPauseMs: 10_000 });
    server.next.push(sending(429, {}, { 'retry-after': '0' }));
    expect(await soon.recent(QUESTION, never())).toEqual([]);
    expect(server.asked).toHaveLength(2);
    server.next.push(sending(429, {}, { 'retry-after': '3600' }));
    expect(await refusal(soon)).toBeInstanceOf(NewsUnavailable);
    const later = new Date(Date.now() + 3_600_000).toUTCString();
    server.next.push(sending(429, {}, { 'retry-after': later }));
    expect((await refusal(soon))?.message).toBe('NewsAPI answered 429');
    expect(server.asked).toHaveLength(4);
  });

  it('says no is not asked again, and does not count as broken', async () => {
    const news = newsOf();
    for (const status of [400, 401, 403, 426, 301]) {
      server.next.push(sending(status, { status: 'error' }, { location: 'http://127.0.0.1:1/' }));
      const error = await refusal(news);
      expect(error).toMatchObject({ code: 'news-unavailable' });
      expect(error?.message).toBe(`NewsAPI answered ${status}`);
      expect(error?.help).toContain('SLIPWAY_NEWS_KEY_FILE');
    }
    expect(server.asked).toHaveLength(5);
    expect(news.breaker()).toBe('closed');
  });

  it('talks nonsense, or far too much, gives no news', async () => {
    const news = newsOf({ retries: 0, failuresToOpen: 100 });
    const nonsense = ['', '{', '<html>', '[]', '{"status":"error"}', '{"status":"ok"}', '\u0000'];
    for (const body of nonsense) {
      server.next.push(sending(200, body));
      expect(await refusal(news)).toBeInstanceOf(NewsUnavailable);
    }
    const large = newsOf({ retries: 2 });
    server.next.push(sending(200, 'x'.repeat(10_000_000)));
    expect((await refusal(large))?.message).toContain('more than 1048576 bytes');
    expect(server.asked).toHaveLength(nonsense.length + 1);
  });

  it('never ends its answer is not waited for', async () => {
    server.next.push(stalling, stalling);
    const error = await refusal(newsOf({ attemptMs: 50, retries: 1 }));
    expect(error).toMatchObject({ code: 'news-unavailable', message: 'no answer within 50 ms' });
  });

  it('stays broken is not asked any more', async () => {
    const news = newsOf({ retries: 0 });
    for (let count = 0; count < 5; count++) server.next.push(sending(503, ''));
    for (let count = 0; count < 5; count++) await refusal(news);
    expect(news.breaker()).toBe('open');
    expect((await refusal(news))?.message).toContain('is not asked for a while');
    expect(server.asked).toHaveLength(5);
    expect(news.lastCall()?.ok).toBe(false);
  });

  it('is away gives no news', async () => {
    const news = new NewsApi({ url: 'http://127.0.0.1:1', keyFile, limits: QUICK });
    expect((await refusal(news))?.message).toContain('cannot be reached');
  });
});

describe('whoever asks', () => {
  it('may leave', async () => {
    const leaving = new AbortController();
    server.next.push((response) => {
      stalling(response);
      leaving.abort(new Error('gone'));
    });
    await expect(newsOf().recent(QUESTION, leaving.signal)).rejects.toThrow('gone');
  });

  it('is told when there is no key where it should be, and never what it is', async () => {
    await writeFile(keyFile, ' \n');
    expect((await refusal(newsOf()))?.message).toContain('holds no key');
    await writeFile(keyFile, `${KEY}\r\nX-Other: header`);
    const broken = await refusal(newsOf());
    expect(broken?.message).toContain('holds no key');
    expect(`${broken?.message}${broken?.stack}`).not.toContain(KEY);
    const missing = new NewsApi({ url: server.url, keyFile: join(folder, 'none'), limits: QUICK });
    expect((await refusal(missing))?.message).toContain('cannot be read');
    expect(server.asked).toEqual([]);
  });

  it('may change the key at any time', async () => {
    const news = newsOf();
    await news.recent(QUESTION, never());
    await writeFile(keyFile, 'another');
    await news.recent(QUESTION, never());
    expect(server.asked.map(({ headers }) => headers['x-api-key'])).toEqual([KEY, 'another']);
  });
});
