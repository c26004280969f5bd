/** An answer of NewsAPI as our own items. What somebody else wrote is cleaned and cut; it stays their words. */
import { z } from 'zod';

export const MAX_ITEMS = 5;
const MAX_TITLE_CHARS = 300;
const MAX_SOURCE_CHARS = 100;
const MAX_URL_CHARS = 2_000;
const MAX_TEXT_CHARS = 1_000;
/** Of any text; what comes after is not even cleaned. Characters. */
const MAX_RAW_CHARS = 4_000;
/** Articles of an answer that are looked at. */
const MAX_ARTICLES = 100;

export interface NewsItem {
  title: string;
  source: string;
  url: string;
  publishedAt: string;
  text: string;
}

const Answer = z.object({ status: z.literal('ok'), articles: z.array(z.unknown()) });
const Article = z.object({
  source: z.object({ name: z.string().nullish() }).nullish(),
  title: z.string(),
  description: z.string().nullish(),
  content: z.string().nullish(),
  url: z.httpUrl().max(MAX_URL_CHARS),
  publishedAt: z.coerce.date(),
});

/** Newest first. An article that is not as it should be is left out. Undefined: this is no answer at all. */
export function itemsOf(document: unknown): NewsItem[] | undefined {
  const answer = Answer.safeParse(document);
  if (!answer.success) return undefined;
  return answer.data.articles
    .slice(0, MAX_ARTICLES)
    .map((one) => Article.safeParse(one))
    .flatMap((article) => (article.success ? [itemOf(article.data)] : []))
    .filter(({ title }) => title !== '' && title !== '[Removed]')
    .toSorted((a, b) => b.publishedAt.localeCompare(a.publishedAt))
    .slice(0, MAX_ITEMS);
}

function itemOf({
  title,
  source,
  url,
  publishedAt,
  description,
  content,
}: z.infer<typeof Article>) {
  return {
    title: cleaned(title, MAX_TITLE_CHARS),
    source: cleaned(source?.name ?? '', MAX_SOURCE_CHARS),
    url,
    publishedAt: publishedAt.toISOString(),
    text: cleaned(description || content || '', MAX_TEXT_CHARS),
  };
}

const ENTITIES: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&apos;': "'",
  '&nbsp;': ' ',
  '&amp;': '&',
};

/** Plain words on one line: no markup, nothing invisible, nothing that turns text around. */
export function cleaned(text: string, maxChars: number): string {
  const plain = text
    .slice(0, MAX_RAW_CHARS)
    .toWellFormed()
    .replaceAll(/&(?:lt|gt|quot|#39|apos|nbsp|amp);/g, (entity) => ENTITIES[entity] ?? ' ')
    .replaceAll(/<(script|style)\b[^>]*>[^<]*/gi, ' ')
    .replaceAll(/<[^<>]*>/g, ' ')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll(/[\p{Cf}\p{Co}\p{Cn}]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (plain.length <= maxChars) return plain;
  return `${plain
    .slice(0, maxChars - 1)
    .toWellFormed()
    .replace(/\uFFFD$/, '')
    .trimEnd()}…`;
}
