import { maskPhone } from '@huiyuan/shared/member'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { findJob } from '../staff'
import { type AppBook, findApp } from '../wechat'
import { findClaim } from './claim'
import { birthdayOf, fixedUntil } from './set-birthday'

const LABEL: Record<string, string> = {
  wechat_openid: '微信',
  wechat_unionid: '微信开放平台',
  phone: '手机号',
  store_card: '实体会员卡',
  external: '其他账号',
}

/** Everything the "me" page shows of the person. @throws SESSION_OVER */
export async function getMe(ctx: Ctx) {
  const memberId = memberIdOf(ctx)
  const [member, identities, standing, openClaim, staff] = await Promise.all([
    ctx.db.member.findUnique({
      where: { memberId, status: 'active' },
      select: {
        memberId: true,
        memberNo: true,
        nameSealed: true,
        joinedAt: true,
        birthMonth: true,
        birthDay: true,
        birthSetAt: true,
      },
    }),
    ctx.db.identity.findMany({
      where: { memberId },
      orderBy: { provenAt: 'asc' },
      select: { kind: true, issuer: true, subject: true, subjectSealed: true, provenAt: true },
    }),
    ctx.db.standing.findUniqueOrThrow({ where: { memberId }, select: { tier: true } }),
    findClaim(ctx.db, memberId, ctx.now()),
    findJob(ctx, memberId),
  ])
  // merged into another record a moment ago: the phone's next token is the survivor's
  if (!member) return refuse('SESSION_OVER')
  const phone = identities.find(({ kind }) => kind === 'phone')?.subjectSealed
  return {
    memberId,
    memberNo: member.memberNo,
    displayName: displayNameOf(ctx, member.nameSealed),
    phoneMasked: phone ? maskPhone(ctx.keys.openText(phone)) : null,
    tier: standing.tier,
    joinedAt: member.joinedAt.toISOString(),
    birthday: birthdayOf(member),
    /** From when on it can be changed; null for now. */
    birthdayFixedUntil: fixedUntil(ctx, member)?.toISOString() ?? null,
    identities: identities
      .filter(({ kind }) => kind !== 'wechat_unionid')
      .map(({ kind, issuer, subject, provenAt }) => ({
        kind,
        label: identityLabel(ctx, kind, issuer),
        hint: kind === 'store_card' ? `尾号 ${subject.slice(-4)}` : '',
        provenAt: provenAt.toISOString(),
      })),
    staff,
    openClaim,
  }
}

/** What an identity is called on a member's own page. */
export const identityLabel = (ctx: AppBook, kind: string, issuer: string): string =>
  kind === 'wechat_openid' ? (findApp(ctx, 'weapp', issuer) ? '微信小程序' : '微信公众号') : (LABEL[kind] ?? kind)

/** The chosen name, or how the brand addresses somebody who has not chosen one. */
export const displayNameOf = (ctx: Pick<Ctx, 'keys'>, nameSealed: Uint8Array | null): string =>
  nameSealed ? ctx.keys.openText(nameSealed) : '茶友'
