// The fakes of the doors promise what the adapters do: one contract, tested where both may be seen.
import { holdsTheContract } from '../../activities/tickets/tickets.contract.js';
import { FakeTickets } from '../tickets/tickets.fake.js';

holdsTheContract('the fake of the doors', async () => new FakeTickets());
