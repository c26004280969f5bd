/** What other stores call our statuses and channels; `--map status:escalated=in-progress` adds to it. */
import { TicketChannel, TicketStatus } from '../../../workflows/domain/ticket.js';
import { CliError, EXIT } from '../exit.js';

export type Mapping = Record<'status' | 'channel', Record<string, string>>;

const KNOWN: Mapping = {
  status: {
    new: 'open',
    ouvert: 'open',
    nouveau: 'open',
    'in progress': 'in-progress',
    in_progress: 'in-progress',
    inprogress: 'in-progress',
    'en cours': 'in-progress',
    pending: 'waiting',
    'on hold': 'waiting',
    'en attente': 'waiting',
    solved: 'resolved',
    done: 'resolved',
    résolu: 'resolved',
    resolu: 'resolved',
    fermé: 'closed',
    ferme: 'closed',
  },
  channel: {
    chatbot: 'chat',
    website: 'web',
    form: 'web',
    mail: 'email',
    'e-mail': 'email',
    telephone: 'phone',
    téléphone: 'phone',
    call: 'phone',
  },
};
const OURS = { status: TicketStatus.options, channel: TicketChannel.options };

/** @throws {CliError} for what is not like `status:escalated=in-progress`. */
export function mappingOf(given: readonly string[] = []): Mapping {
  const mapping: Mapping = { status: { ...KNOWN.status }, channel: { ...KNOWN.channel } };
  for (const text of given) {
    const [, field, from = '', to = ''] = /^(status|channel):(.+)=([a-z-]+)$/.exec(text) ?? [];
    const ours: readonly string[] = OURS[(field ?? 'status') as keyof Mapping];
    if (field === undefined || !ours.includes(to)) {
      const help = `It must be like status:escalated=in-progress, and end in one of ${ours.join(', ')}.`;
      throw new CliError(EXIT.usage, `--map is "${text}"`, help);
    }
    mapping[field as keyof Mapping][from.toLowerCase()] = to;
  }
  return mapping;
}

/** Our word; what has none stays as it is, and is found wrong. */
export function wordFor(field: keyof Mapping, value: unknown, mapping: Mapping): unknown {
  if (typeof value !== 'string') return value;
  const word = value.trim().toLowerCase();
  return mapping[field][word] ?? word;
}
