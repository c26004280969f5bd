/** The page: draws the state, and carries what people type to the server. */
import {
  after,
  EMPTY,
  followsOn,
  hueOf,
  initials,
  releaseText,
  retryDelay,
  socketUrl,
  statusText,
  timeOf,
} from './chat.js';

const NAME_KEY = 'chat-name';
const byId = (id) => document.getElementById(id);
const [status, users, count, log, error] = ['status', 'users', 'count', 'log', 'error'].map(byId);
const [welcome, nameForm, name, sayForm, say] = ['welcome', 'join', 'name', 'say', 'text'].map(byId);

let state = EMPTY;
let socket;
let attempt = 0;
let wanted = stored() ?? '';

function connect() {
  tell({ type: 'connecting' });
  socket = new WebSocket(socketUrl(location));
  socket.addEventListener('open', () => {
    attempt = 0;
    socket.send(JSON.stringify({ type: 'join', name: wanted }));
    showRelease();
  });
  socket.addEventListener('message', ({ data }) => tell(JSON.parse(data)));
  socket.addEventListener('close', () => {
    tell({ type: 'offline' });
    setTimeout(connect, retryDelay(++attempt));
  });
}

function tell(event) {
  const before = state;
  state = after(state, event);
  draw(before);
}

function draw(before) {
  status.dataset.status = state.status;
  status.querySelector('span').textContent = statusText(state);
  say.disabled = sayForm.querySelector('button').disabled = state.status !== 'online';
  error.textContent = state.error;
  error.hidden = state.error === '';
  if (state.users !== before.users) drawUsers();
  if (state.messages !== before.messages) drawMessages(before.messages);
}

function drawUsers() {
  count.textContent = String(state.users.length);
  users.replaceChildren(
    ...state.users.map((user) => {
      const item = element('li', '', picture(user), element('span', 'who', user));
      if (user === state.you) item.append(element('span', 'badge', 'you'));
      return item;
    }),
  );
}

/** Adds what is new; draws all again only after a new welcome. */
function drawMessages(known) {
  const isNear = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const isMore = known.length > 0 && state.messages.at(-2) === known.at(-1);
  const fresh = isMore ? state.messages.slice(-1) : state.messages;
  if (!isMore) log.replaceChildren();
  for (const message of fresh) {
    log.append(bubble(message, state.messages[state.messages.indexOf(message) - 1]));
  }
  byId('empty').hidden = state.messages.length > 0;
  if (isNear || !isMore || fresh.at(-1)?.from === state.you) log.scrollTop = log.scrollHeight;
}

function bubble(message, before) {
  const isOwn = message.from === state.you;
  const kind = [isOwn && 'own', message.scripted && 'scripted', followsOn(message, before) && 'more'];
  const time = element('time', '', timeOf(message.at));
  time.dateTime = message.at;
  const head = element('p', 'head', element('span', 'who', isOwn ? 'You' : message.from));
  if (message.scripted) head.append(element('span', 'badge', 'scripted answer'));
  head.append(time);
  const body = element('div', 'body', head, element('p', 'text', message.text));
  return element('li', kind.filter(Boolean).join(' '), picture(message.from), body);
}

function picture(of) {
  const mark = element('span', `picture hue-${hueOf(of)}`, initials(of));
  mark.setAttribute('aria-hidden', 'true');
  return mark;
}

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

async function showRelease() {
  const answer = await fetch('/health').catch(() => undefined);
  if (answer?.ok) byId('release').textContent = releaseText(await answer.json());
}

function stored() {
  try {
    return localStorage.getItem(NAME_KEY) ?? undefined;
  } catch {
    return undefined; // A browser may forbid it; the name is asked again then.
  }
}

function enter() {
  welcome.hidden = true;
  byId('room').hidden = false;
  connect();
  say.focus();
}

nameForm.addEventListener('submit', (event) => {
  event.preventDefault();
  wanted = name.value.trim();
  if (wanted === '') return;
  try {
    localStorage.setItem(NAME_KEY, wanted);
  } catch {
    // Only this visit knows the name.
  }
  enter();
});

sayForm.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = say.value.trim();
  if (text === '' || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: 'say', text }));
  say.value = '';
});

showRelease();
const given = new URLSearchParams(location.search).get('name');
if (given || wanted) {
  wanted = given || wanted;
  enter();
} else {
  name.focus();
}
