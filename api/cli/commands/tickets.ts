/** `tickets list`, `show`, `open` and `status`. */

import { clean, cleanLines } from '../../client/narrate.text.js';
import type { Ticket } from '../../client/wire.tickets.js';
import { TicketChannel, TicketStatus } from '../../client/wire.tickets.js';
import type { Given } from '../commands.table.js';
import { connect } from '../connect.js';
import { CliError, EXIT } from '../exit.js';
import { ago, table } from '../format.js';
import { type Context, listed, type Result } from '../io.js';
import { type PagingOptions, paging, present } from '../options.js';

interface ListOptions extends PagingOptions {
  status?: string;
  channel?: string;
  createdBy?: string;
  from?: string;
  until?: string;
}

export async function listCommand(
  context: Context,
  { options }: Given<ListOptions>,
): Promise<Result> {
  const { status, channel, createdBy, from, until } = options;
  const query = {
    status: status === undefined ? undefined : toStatus(status),
    channel: channelOf(channel),
    createdBy,
    from: toTime('--from', from),
    until: toTime('--until', until),
  };
  const client = await connect(context);
  const page = await client.tickets.list({ ...present(query), ...paging(options) });
  const rows = page.items.map((ticket) => [
    ticket.id,
    ticket.status,
    ticket.channel,
    ticket.createdBy,
    ago(ticket.createdAt),
    ticket.subject.split('\n')[0] ?? '',
  ]);
  const head = ['ID', 'STATUS', 'CHANNEL', 'BY', 'OPENED', 'SUBJECT'];
  return listed(page, table(head, rows, 'no tickets'));
}

export async function showCommand(context: Context, { args }: Given<object>): Promise<Result> {
  const client = await connect(context);
  const ticket = await client.tickets.get(args[0] ?? '');
  return { code: EXIT.good, json: ticket, lines: told(ticket) };
}

export async function openCommand(
  context: Context,
  { args, options }: Given<{ message?: string; channel?: string; conversation?: string }>,
): Promise<Result> {
  const { message: body, channel, conversation: conversationId } = options;
  const wanted = { body, conversationId, channel: channelOf(channel) };
  const client = await connect(context);
  const ticket = await client.tickets.open({ subject: args[0] ?? '', ...present(wanted) });
  return { code: EXIT.good, json: ticket, lines: [`ticket ${ticket.id} is open`] };
}

export async function statusCommand(context: Context, { args }: Given<object>): Promise<Result> {
  const [id = '', status = ''] = args;
  const wanted = toStatus(status);
  const client = await connect(context);
  const ticket = await client.tickets.setStatus(id, wanted);
  return { code: EXIT.good, json: ticket, lines: [`ticket ${id} is ${ticket.status}`] };
}

function told(ticket: Ticket): string[] {
  const { id, status, channel, createdBy, createdAt, updatedAt, conversationId, extra } = ticket;
  const rows: string[][] = [
    ['status', status],
    ['channel', channel],
    ['opened', `${createdAt} by ${createdBy}`],
    ['changed', updatedAt],
    ...(conversationId === null ? [] : [['conversation', conversationId]]),
    ...Object.entries(extra).map(([name, value]) => [name, JSON.stringify(value)]),
  ];
  const lines = table([id, clean(ticket.subject)], rows, '');
  return ticket.body === '' ? lines : [...lines, '', ...cleanLines(ticket.body)];
}

function toStatus(text: string): TicketStatus {
  const status = TicketStatus.safeParse(text);
  if (status.success) return status.data;
  const help = `Statuses: ${TicketStatus.options.join(', ')}.`;
  throw new CliError(EXIT.usage, `there is no status "${text}"`, help);
}

function channelOf(text: string | undefined): TicketChannel | undefined {
  if (text === undefined) return undefined;
  const channel = TicketChannel.safeParse(text);
  if (channel.success) return channel.data;
  const help = `Channels: ${TicketChannel.options.join(', ')}.`;
  throw new CliError(EXIT.usage, `there is no channel "${text}"`, help);
}

/** A day or a moment, in UTC unless it says otherwise. */
function toTime(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(time.getTime())) return time.toISOString();
  throw new CliError(EXIT.usage, `${flag} is "${text}"`, 'It must be like 2026-11-20.');
}
