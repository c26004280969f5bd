import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { Login } from '../../workflows/domain/names.js';
import {
  ChangeUser,
  CreatedToken,
  CreateToken,
  CreateUser,
  Me,
  type Page,
  pageOf,
  Token,
  User as UserView,
} from '../client/wire.js';
import { CurrentUser, Needs, type User } from '../platform/auth.js';
import { Describe } from '../platform/docs.js';
import { type Paging, WholePaging, wholePaging } from '../platform/requests.js';
import { TokensService } from './tokens.service.js';
import { UsersService } from './users.service.js';

const TokenQuery = z.strictObject({ ...wholePaging, login: Login.optional() });
type TokenQuery = z.infer<typeof TokenQuery>;

@Controller('api/v1')
@Needs('read')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokensService,
  ) {}

  @Get('me')
  @Describe({
    summary: 'Whose token this is, and what it may do',
    answer: Me,
    example: { login: 'ada', teams: ['release-team'], scopes: ['read', 'approve'] },
  })
  me(@CurrentUser() { login, teams, scopes }: User): Me {
    return { login, teams, scopes };
  }

  @Get('users')
  @Needs('admin')
  @Describe({ summary: 'All users', answer: pageOf(UserView) })
  list(@Query({ schema: WholePaging }) page: Paging): Promise<Page<UserView>> {
    return this.users.list(page);
  }

  @Post('users')
  @Needs('admin')
  @Describe({
    summary: 'Creates a user; tokens come by POST /tokens',
    status: 201,
    answer: UserView,
    body: { login: 'ada', teams: ['release-team'] },
    refuses: { 409: 'There is such a user.' },
  })
  create(
    @Body({ schema: CreateUser }) body: CreateUser,
    @CurrentUser() by: User,
  ): Promise<UserView> {
    return this.users.create(body, by);
  }

  @Patch('users/:login')
  @Needs('admin')
  @Describe({
    summary: 'Changes teams, or disables a user and all their tokens',
    answer: UserView,
    body: { disabled: true },
    refuses: { 404: 'There is no such user.', 409: 'You cannot disable yourself.' },
  })
  change(
    @Param('login', { schema: Login }) login: string,
    @Body({ schema: ChangeUser }) body: ChangeUser,
    @CurrentUser() by: User,
  ): Promise<UserView> {
    return this.users.change(login, body, by);
  }

  @Get('tokens')
  @Describe({ summary: "Your tokens; for an admin everybody's", answer: pageOf(Token) })
  listTokens(
    @Query({ schema: TokenQuery }) query: TokenQuery,
    @CurrentUser() user: User,
  ): Promise<Page<Token>> {
    return this.tokens.list(query, user);
  }

  @Post('tokens')
  @Describe({
    summary: 'Creates a token, and shows it this once',
    status: 201,
    answer: CreatedToken,
    body: { name: 'laptop', scopes: ['read', 'push'], expiresInDays: 90 },
    refuses: { 404: 'There is no such user.' },
  })
  createToken(
    @Body({ schema: CreateToken }) body: CreateToken,
    @CurrentUser() user: User,
  ): Promise<CreatedToken> {
    return this.tokens.create(body, user);
  }

  @Delete('tokens/:id')
  @HttpCode(204)
  @Describe({
    summary: 'Revokes a token at once',
    status: 204,
    refuses: { 404: 'There is no such token.' },
  })
  revoke(@Param('id', { schema: z.uuid() }) id: string, @CurrentUser() user: User): Promise<void> {
    return this.tokens.revoke(id, user);
  }
}
