/** The chat room: who is here, what was said. Connections are functions that take events. */
import { answerTo, isAsked, NAME } from './responder.js';

/** Messages that are kept, and given to whoever joins. */
export const MAX_HISTORY = 200;
export const MAX_TEXT_CHARS = 1_000;
export const MAX_NAME_CHARS = 24;
/** Guests at once. */
export const MAX_GUESTS = 500;

export class Room {
  #guests = new Set();
  #history = [];
  #nextId = 1;
  #now;
  #answerTo;
  #asked = Promise.resolve();
  messages = 0;
  answers = 0;

  /** @param answer what Pilot says to a question. */
  constructor(now = () => new Date(), answer = answerTo) {
    this.#now = now;
    this.#answerTo = answer;
  }

  /** @param send takes one event for this guest. */
  enter(send) {
    const guest = { send, name: undefined };
    if (this.#guests.size >= MAX_GUESTS) {
      send({ type: 'error', text: 'The room is full. Try again later.' });
      return undefined;
    }
    this.#guests.add(guest);
    return guest;
  }

  leave(guest) {
    if (this.#guests.delete(guest) && guest.name !== undefined) this.#tellUsers();
  }

  /** Takes one event of a guest, as it came. What it does not understand it answers with an error. */
  receive(guest, event) {
    if (event?.type === 'join') return this.#join(guest, event.name);
    if (event?.type === 'say') return this.#say(guest, event.text);
    return guest.send({ type: 'error', text: 'Send {"type":"join"} or {"type":"say"}.' });
  }

  get users() {
    const names = [...this.#guests].flatMap(({ name }) => name ?? []);
    return names.sort((a, b) => a.localeCompare(b));
  }

  get history() {
    return [...this.#history];
  }

  get guests() {
    return this.#guests.size;
  }

  #join(guest, wanted) {
    const name = clean(wanted, MAX_NAME_CHARS);
    if (name === '') return guest.send({ type: 'error', text: 'Please give a name.' });
    guest.name = undefined;
    guest.name = this.#free(name);
    guest.send({ type: 'welcome', you: guest.name, users: this.users, messages: this.history });
    this.#tellUsers();
  }

  #say(guest, said) {
    if (guest.name === undefined) {
      return guest.send({ type: 'error', text: 'Please join with a name first.' });
    }
    const text = clean(said, MAX_TEXT_CHARS);
    if (text === '') return;
    this.#add({ from: guest.name, text });
    if (!isAsked(text)) return;
    // One after the other, so that answers come in the order of their questions.
    this.#asked = this.#asked.then(() => this.#answer(text));
  }

  async #answer(text) {
    const { answer, responder } = await this.#answerTo(text);
    this.answers++;
    this.#add({ from: NAME, text: answer, scripted: responder === 'scripted' });
  }

  /** Resolves when every question was answered. */
  get quiet() {
    return this.#asked;
  }

  #add(message) {
    const whole = { id: this.#nextId++, at: this.#now().toISOString(), ...message };
    this.#history.push(whole);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
    this.messages++;
    this.#tellAll({ type: 'message', message: whole });
  }

  #tellUsers() {
    this.#tellAll({ type: 'users', users: this.users });
  }

  #tellAll(event) {
    for (const { name, send } of this.#guests) if (name !== undefined) send(event);
  }

  /** The name itself, or with a number when somebody has it. */
  #free(name) {
    const taken = new Set([NAME, ...this.users].map((each) => each.toLowerCase()));
    for (let number = 1; ; number++) {
      const candidate = number === 1 ? name : `${name} ${number}`;
      if (!taken.has(candidate.toLowerCase())) return candidate;
    }
  }
}

function clean(value, limit) {
  if (typeof value !== 'string') return '';
  const text = value.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return Array.from(text).slice(0, limit).join('').trim();
}
