/** What to search for when somebody asks a question: its telling words, and the language that it seems to be in. */

/** Words that are searched for: all of them must be in an article. */
const MAX_WORDS = 4;
const MIN_WORD_CHARS = 3;
const MAX_WORD_CHARS = 40;
/** Of a question; what comes after is not looked at. Characters. */
const MAX_QUESTION_CHARS = 2_000;

/** Words that say nothing, and tell the language. */
const SMALL_WORDS: Record<string, string> = {
  en:
    'a an and any are about around as at be been by can could did do does for from give had has have how i in is it ' +
    'its latest me my new news of on or our please should tell than that the their them there these they this ' +
    'to today was we were what when where which who why will with would you your happening happened last not',
  fr:
    'a actualité actualités au aux avec ce ces cette comment dans de des dernière dernières derniers donne du elle ' +
    'en est et être fait il ils je la le les leur ma mes moi mon ne nous nouvelles on ou où par pas plus pour ' +
    'pourquoi quand que quel quelle quelles quels qui quoi sa sans se ses son sont sur te tu un une vous',
  de:
    'aber als am an auf aus bei das dass dem den der des die ein eine einem einen einer es für gibt hat ich im ist ' +
    'ist kann mit nach nachrichten neueste nicht oder sich sie sind über um und uns von war warum was wer wie wir zu',
  es:
    'al como con cuál cuáles cuándo de del dónde el ella en es esta este hay la las lo los me mi no noticias o ' +
    'para pero por porque qué quién se ser sobre son su sus últimas un una y',
};
const LANGUAGES = Object.entries(SMALL_WORDS).map(
  ([language, words]) => [language, new Set(words.split(' '))] as const,
);

export interface Search {
  /** For the parameter `q`; empty: the question has no telling word. At most 180 characters. */
  query: string;
  language: string | undefined;
}

export function searchFor(question: string): Search {
  const text = question.slice(0, MAX_QUESTION_CHARS).normalize('NFC');
  const words = text.match(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu) ?? [];
  const small = words.map((word) => word.toLowerCase());
  const telling = new Map<string, number>();
  for (const word of words) {
    const weight = weightOf(word);
    if (weight > 0 && !isSmall(word.toLowerCase())) telling.set(word.toLowerCase(), weight);
  }
  const heaviest = [...telling]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MAX_WORDS)
    .map(([word]) => word);
  const query = [...telling.keys()].filter((word) => heaviest.includes(word)).join(' AND ');
  return { query, language: languageOf(small) };
}

/** Long words tell more than short ones, and short names in capitals ("EU") more than all. 0: nothing. */
function weightOf(word: string): number {
  if (word.length > MAX_WORD_CHARS) return 0;
  if (/^\p{Lu}{2,5}$/u.test(word)) return MAX_WORD_CHARS;
  return word.length >= MIN_WORD_CHARS ? word.length : 0;
}

function isSmall(word: string): boolean {
  return LANGUAGES.some(([, small]) => small.has(word));
}

/** The one that most small words are of, where there is one. */
function languageOf(words: readonly string[]): string | undefined {
  const counted = LANGUAGES.map(([language, small]) => ({
    language,
    count: words.filter((word) => small.has(word)).length,
  })).toSorted((a, b) => b.count - a.count);
  const [first, second] = counted;
  return first && first.count > (second?.count ?? 0) ? first.language : undefined;
}
