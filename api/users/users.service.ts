import { Inject, Injectable } from '@nestjs/common';
import type { Store, User as UserRow } from '../../activities/store/store.ports.js';
import type { ChangeUser, CreateUser, Page, User as UserView } from '../client/wire.js';
import { Audit } from '../platform/audit.js';
import type { User } from '../platform/auth.js';
import { NotFound, Refused } from '../platform/errors.js';
import { given, type Paging } from '../platform/requests.js';
import { STORE } from '../platform/tokens.js';

@Injectable()
export class UsersService {
  constructor(
    @Inject(STORE) private readonly store: Store,
    private readonly audit: Audit,
  ) {}

  list(page: Paging): Promise<Page<UserView>> {
    return this.store.users.list(given(page));
  }

  async create({ login, teams = [] }: CreateUser, by: User): Promise<UserView> {
    if (await this.store.users.get(login)) {
      throw new Refused(
        'user-exists',
        `there is a user "${login}" already`,
        `Change it by PATCH /api/v1/users/${login}.`,
      );
    }
    return this.put({ login, teams, disabled: false }, by, 'user.create');
  }

  async change(login: string, { teams, disabled }: ChangeUser, by: User): Promise<UserView> {
    const user = await this.store.users.get(login);
    if (!user) throw new NotFound(`there is no user "${login}"`);
    if (disabled && login === by.login) {
      throw new Refused('yourself', 'you cannot disable yourself', 'Ask another admin to do it.');
    }
    const changed = { login, teams: teams ?? user.teams, disabled: disabled ?? user.disabled };
    return this.put(changed, by, 'user.change');
  }

  private put(user: UserRow, by: User, action: string): Promise<UserView> {
    const { login, ...detail } = user;
    const command = { by: by.login, action, subject: `user/${login}`, detail };
    return this.audit.during(command, async () => {
      await this.store.users.put(user);
      return user;
    });
  }
}
