import { normalCardNo } from '@huiyuan/shared/member'
import type { Ctx } from '../ctx'
import type { Db } from '../db'
import { refuse } from '../refusal'

const idOf = (found: { memberId: string } | null): string | null => found?.memberId ?? null

/** Whose printed number this is; null for nobody's. */
export const memberNoHolder = async (db: Db, memberNo: string): Promise<string | null> =>
  idOf(await db.memberNo.findUnique({ where: { memberNo }, select: { memberId: true } }))

/** Who has this plastic card, by its number as `normalCardNo` writes it; null for nobody. */
export const cardHolder = async (db: Db, cardNo: string): Promise<string | null> =>
  idOf(
    await db.identity.findUnique({
      where: { kind_issuer_subject: { kind: 'store_card', issuer: '', subject: cardNo } },
      select: { memberId: true },
    }),
  )

/** Who has this phone (E.164), under whichever key its hash is kept; null for nobody. */
export const phoneHolder = async ({ db, keys }: Pick<Ctx, 'db' | 'keys'>, phone: string): Promise<string | null> =>
  idOf(
    await db.identity.findFirst({
      where: { kind: 'phone', issuer: '', subject: { in: keys.hashes('phone', phone) } },
      select: { memberId: true },
    }),
  )

/** A card's number however it was typed. @throws BAD_INPUT */
export const cardNoOf = (typed: string): string =>
  normalCardNo(typed) ?? refuse('BAD_INPUT', { fields: [{ path: 'cardNo', problem: 'card_number' }] })
