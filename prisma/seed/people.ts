import type { Arrival, Ctx, ProvenIdentity } from '../../bff/src/ctx'
import { inTx } from '../../bff/src/ctx'
import { createMember, findHolders, lockProofs, phoneProof, wechatProofs } from '../../bff/src/member'

export interface SeedPerson {
  name: string
  /** E.164 */
  phone?: string
  weapp?: { openid: string; unionid?: string }
  oa?: { openid: string }
  /** Printed number of a plastic card. */
  card?: string
  joinedAt: Date
  arrival: Arrival
}

/** The ctx as it was at an earlier instant. */
export const at = (ctx: Ctx, instant: Date): Ctx => ({ ...ctx, now: () => instant })

const proofsOf = (ctx: Ctx, person: SeedPerson): ProvenIdentity[] => [
  ...(person.card ? [{ kind: 'store_card' as const, issuer: '', subject: person.card }] : []),
  ...(person.weapp ? wechatProofs({ appid: ctx.weappId, platform: '' }, person.weapp) : []),
  ...(person.oa ? wechatProofs({ appid: ctx.oaAppId, platform: '' }, person.oa) : []),
  ...(person.phone ? [phoneProof(ctx.keys, person.phone)] : []),
]

/** Makes a person a member as of its joining day, or finds the one that a broken-off run made. → memberId */
export function seedPerson(ctx: Ctx, person: SeedPerson): Promise<string> {
  const proofs = proofsOf(ctx, person)
  return inTx(at(ctx, person.joinedAt), async (tx) => {
    await lockProofs(tx, proofs)
    const known = await findHolders(tx.db, proofs.slice(0, 1))
    if (known[0]) return known[0].memberId
    const { memberId } = await createMember(tx, {
      proofs,
      arrival: person.arrival,
      displayName: person.name,
      ...(person.card ? { memberNo: person.card } : {}),
    })
    if (person.weapp || person.oa)
      await tx.db.consent.create({
        data: { memberId, document: 'privacy', version: tx.policy.consentVersion, grantedAt: person.joinedAt },
      })
    return memberId
  })
}

/** Gives a member a job; once is enough. */
export const seedStaff = (
  ctx: Ctx,
  job: { memberId: string; role: 'clerk' | 'manager' | 'operator'; storeId: string; staffNo: string; since: Date },
) => ctx.db.staff.createMany({ data: [job], skipDuplicates: true })

/** Who was seeded with this phone. */
export async function memberOfPhone(ctx: Ctx, phone: string): Promise<string> {
  const { kind, issuer, subject } = phoneProof(ctx.keys, phone)
  const where = { kind_issuer_subject: { kind, issuer, subject } }
  return (await ctx.db.identity.findUniqueOrThrow({ where, select: { memberId: true } })).memberId
}
